/** Light or dark: as the system has it, unless the user has chosen. */
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'upside.theme';

export const theme = (): Theme => {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
};

export function applyTheme(chosen: Theme = theme()): void {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
    if (chosen === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
}
