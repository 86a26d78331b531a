import { SampanError } from '@sampan/base';
import type { Connection } from '@sampan/machinery';
import type { HomeLayout } from './layout.ts';
import { type Component, readComponent } from './pki-files.ts';
import { readRunState } from './run-state.ts';
import { readSettings } from './settings.ts';

export interface ApiAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the server of this home answers, or will: it may be started later. Throws `home-not-started`. */
export function apiAddress(home: HomeLayout): ApiAddress {
  const running = readRunState(home);
  const port = running?.port ?? readSettings(home).port;
  if (port === undefined) throw neverStarted(home);
  return { host: running?.host ?? '127.0.0.1', port };
}

/** As one of Sampan's own parts. Throws `home-not-started`. */
export function componentConnection(home: HomeLayout, component: Component): Connection {
  const pair = readComponent(home, component);
  if (!pair) throw neverStarted(home);
  return { ...serverAt(home), ca: pair.ca, cert: pair.certificate, key: pair.key };
}

/** As the node itself. */
export function nodeConnection(
  home: HomeLayout,
  identity: { readonly certificate: string; readonly key: string },
): Connection {
  const ca = readComponent(home, 'node-bootstrap')?.ca;
  if (ca === undefined) throw neverStarted(home);
  return { ...serverAt(home), ca, cert: identity.certificate, key: identity.key };
}

function serverAt(home: HomeLayout): Pick<Connection, 'url'> {
  const { host, port } = apiAddress(home);
  return { url: `https://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

const neverStarted = (home: HomeLayout): SampanError =>
  new SampanError('home-not-started', `No server was ever started on ${home.root}.`, {
    hint: 'Start both with: sampan up',
  });
