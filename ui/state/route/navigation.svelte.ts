import { formatRoute, parseRoute, type Route } from './route.ts';

/** Where the person is. The address bar is the truth; this reads it and writes it. */
export class Navigation {
  route = $state.raw<Route>(parseRoute(location.pathname, location.search));

  constructor() {
    addEventListener('popstate', () => this.#read());
  }

  /** A new place: Back returns from it. */
  go(to: Route | string): void {
    history.pushState(null, '', typeof to === 'string' ? to : formatRoute(to));
    this.#read();
    scrollTo(0, 0);
  }

  /** The same place seen differently (a filter being typed): Back leaves it as a whole. */
  replace(to: Route): void {
    history.replaceState(null, '', formatRoute(to));
    this.#read();
  }

  /** For the document: plain clicks on our own links change the page without loading it. */
  readonly onClick = (event: MouseEvent): void => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain || event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (!link) return;
    const isOurs = link.origin === location.origin && !link.pathname.startsWith('/api/');
    if (!isOurs || link.target !== '' || link.hash !== '' || link.hasAttribute('download')) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  };

  #read(): void {
    this.route = parseRoute(location.pathname, location.search);
  }
}
