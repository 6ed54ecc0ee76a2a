import './look/tokens.css';
import './look/base.css';
import { mount } from 'svelte';
import ConsoleApp from './pages/console-app.svelte';
import { App } from './state/app.svelte.ts';
import { browserClock } from './state/clock.ts';

const target = document.querySelector('#app');
if (target) mount(ConsoleApp, { target, props: { app: new App(browserClock) } });
