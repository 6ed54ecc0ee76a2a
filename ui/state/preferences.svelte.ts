import { type Catalogue, catalogues, isLanguage, type Language } from '../text/catalogue.ts';

type Theme = 'light' | 'dark';

const THEME_KEY = 'saker.theme';
const LANGUAGE_KEY = 'saker.language';
const SHORTCUTS_KEY = 'saker.shortcuts';

/** What a person has chosen about the look, kept in this browser. Unchosen: as the system has it. */
export class Preferences {
  language = $state<Language>('en');
  theme = $state<Theme>('light');
  /** Keys without Ctrl can be switched off (WCAG 2.1.4): speech input types them by accident. */
  shortcuts = $state(true);

  constructor() {
    const language = read(LANGUAGE_KEY);
    this.#setLanguage(isLanguage(language) ? language : systemLanguage());
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const theme = read(THEME_KEY);
    this.#setTheme(theme === 'light' || theme === 'dark' ? theme : dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', () => {
      if (read(THEME_KEY) === null) this.#setTheme(dark.matches ? 'dark' : 'light');
    });
    this.shortcuts = read(SHORTCUTS_KEY) !== 'off';
  }

  /** The words of the page, in the chosen language. */
  get words(): Catalogue {
    return catalogues[this.language];
  }

  readonly toggleLanguage = (): void => {
    this.#setLanguage(this.language === 'en' ? 'zh-CN' : 'en');
    keep(LANGUAGE_KEY, this.language);
  };

  readonly toggleTheme = (): void => {
    this.#setTheme(this.theme === 'light' ? 'dark' : 'light');
    keep(THEME_KEY, this.theme);
  };

  setShortcuts(on: boolean): void {
    this.shortcuts = on;
    keep(SHORTCUTS_KEY, on ? 'on' : 'off');
  }

  #setLanguage(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
  }

  #setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
  }
}

function systemLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** Storage may be forbidden by the browser: then choices last as long as the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
