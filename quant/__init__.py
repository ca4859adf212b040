"""Pure numerics: arrays in, numbers and frozen dataclasses out."""
