export type Theme = 'light' | 'dark';

/**
 * Eight colours that all common kinds of colour blindness tell apart: the order of Okabe and Ito
 * (2008), each moved until it has a contrast of 3:1 against its ground.
 */
const series: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#0072b2', '#c25400', '#00855f', '#b0508a', '#a66f00', '#2487bd', '#7a6a00', '#4a4f55'],
  dark: ['#56b4e9', '#f0883c', '#2fc79b', '#e08ab8', '#e69f00', '#7aa7ff', '#f0e442', '#c3cad1'],
};

/** Lines beyond the eighth: there, but not competing. */
const rest: Readonly<Record<Theme, string>> = { light: '#8a969e', dark: '#6d7a86' };

export type ChartColors = { readonly axis: string; readonly grid: string; readonly limit: string };

export const chartColors: Readonly<Record<Theme, ChartColors>> = {
  light: { axis: '#54616b', grid: '#e8ebeb', limit: '#54616b' },
  dark: { axis: '#9aa7b2', grid: '#252e37', limit: '#9aa7b2' },
};

export function seriesColor(index: number, theme: Theme): string {
  return series[theme][index] ?? rest[theme];
}
