/** The pages behind links in messages, as text. Everything that comes from outside goes through `escapeHtml`. */
import type { OpenedLink } from '../../../../alerting/index.ts';

export const STYLE = `:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 34rem; padding: 1.25rem; font: 17px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .8rem; }
dt { opacity: .7; } dd { margin: 0; }
label { display: block; margin: 1rem 0 .3rem; }
input, select, button { font: inherit; width: 100%; box-sizing: border-box; padding: .8rem; border-radius: .5rem; border: 1px solid #8888; }
button { margin-top: 1.2rem; background: #b3261e; color: #fff; border: 0; font-weight: 600; }
.done { border-left: 4px solid #2e7d32; padding-left: .8rem; }
.problem { border-left: 4px solid #b3261e; padding-left: .8rem; }
`;

export function linkPage({ link, event }: OpenedLink): string {
  const isSilence = link.purpose === 'silence';
  const form = isSilence ? silenceForm : '<form method="post"><button>I look after it</button></form>';
  return page(isSilence ? 'Silence this alert' : 'Acknowledge this alert', `${facts(event)}${form}`);
}

export function donePage({ event, done }: OpenedLink & { readonly done: string }): string {
  return page('Done', `<p class="done">${escapeHtml(done)}</p>${facts(event)}`);
}

export function problemPage(problem: string): string {
  return page('This did not work', `<p class="problem">${escapeHtml(problem)}</p>`);
}

const silenceForm = `<form method="post">
<label for="minutes">For how long</label>
<select id="minutes" name="minutes"><option value="30">30 minutes</option><option value="60" selected>1 hour</option>
<option value="240">4 hours</option><option value="1440">1 day</option></select>
<label for="reason">Why</label>
<input id="reason" name="reason" required minlength="3" maxlength="200" placeholder="restarting it by hand">
<button>Silence</button></form>`;

function facts({ priority, status, rule, endpoint, note, sinceMs }: OpenedLink['event']): string {
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const rows = [
    ['Alert', `P${priority} ${status}: ${rule}`],
    ['Where', endpoint],
    ...(note === '' ? [] : [['What', note]]),
    ['Since', since],
  ];
  return `<dl>${rows.map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Saker</title><link rel="stylesheet" href="/act/style.css"></head>
<body><main><h1>${title}</h1>${body}</main></body></html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
