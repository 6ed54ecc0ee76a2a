import { en } from './en.ts';
import { zh } from './zh.ts';

/** Every sentence of the console. English is the model: what another language leaves out does not compile. */
export type Catalogue = typeof en;

export const catalogues = { en, 'zh-CN': zh } as const satisfies Record<string, Catalogue>;

export type Language = keyof typeof catalogues;

export function isLanguage(text: string | null): text is Language {
  return text !== null && Object.hasOwn(catalogues, text);
}
