"""What a browser sees: templates rendered here, components from frontend/."""
