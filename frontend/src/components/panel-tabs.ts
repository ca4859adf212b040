// <panel-tabs>: tabs after the ARIA pattern; panels are found by the tabs' aria-controls.

export class PanelTabs extends HTMLElement {
  connectedCallback(): void {
    const tabs = [...this.querySelectorAll<HTMLElement>('[role="tab"]')];
    this.addEventListener('click', (event) => {
      const tab = (event.target as HTMLElement).closest<HTMLElement>('[role="tab"]');
      if (tab) this.show(tabs, tab);
    });
    this.addEventListener('keydown', (event) => this.pressed(event, tabs));
  }

  private pressed(event: KeyboardEvent, tabs: HTMLElement[]): void {
    const at = tabs.indexOf(event.target as HTMLElement);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (at < 0 || !step) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    this.show(tabs, next);
    next.focus();
  }

  private show(tabs: HTMLElement[], chosen: HTMLElement): void {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
      if (panel) panel.hidden = !isChosen;
    }
  }
}

customElements.define('panel-tabs', PanelTabs);
