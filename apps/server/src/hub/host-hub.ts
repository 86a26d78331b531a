import type { Logger } from '@sampan/base';
import { HOST_CLUSTER } from '@sampan/clusters';
import type { PullSecretOptions } from '@sampan/controllers';
import { changeSettings, type HomeLayout, PULL_SECRET, pullSecretContent, readSettings } from '@sampan/home';
import { askHub } from './ask-hub.ts';
import { HubProcess } from './hub-process.ts';
import { type StartedHub, startHub } from './start-hub.ts';

export interface HostHubOptions {
  readonly home: HomeLayout;
  /** Told by the user: this one or none. 0: any free one. */
  readonly wanted: number | undefined;
  /** `HOST:PORT` of this server. */
  readonly address: string;
  readonly log: Logger;
  /** For who looks at what runs. */
  readonly keepState: (change: { readonly hubPort: number }) => void;
}

/** The registry of a home, beside the server. */
export interface HostHub {
  readonly process: HubProcess;
  /** See `startHub`; a rejection that nobody waits for is no error. */
  readonly started: Promise<StartedHub>;
  /** With what pods of the machine's own cluster pull. */
  readonly pullSecret: PullSecretOptions;
  /** Has it copy all that it holds into the home's folder of backups; see `copyHub`. */
  copy(): Promise<unknown>;
  /** Ends it, also when it only starts. May be called twice. */
  stop(): Promise<void>;
}

/** Of many blobs. */
const COPY_MS = 600_000;

/** Starts the registry beside all else that starts; its port is remembered and told as soon as it has one. */
export function startHostHub({ home, wanted, address, log, keepState }: HostHubOptions): HostHub {
  const listeners = new Set<() => void>();
  const listens = (hubPort: number): void => {
    keepState({ hubPort });
    if (readSettings(home).hubPort === hubPort) return;
    changeSettings(home, (settings) => ({ ...settings, hubPort }));
    for (const listener of listeners) listener();
  };
  const process = new HubProcess({ wanted, remembered: readSettings(home).hubPort, log, listens });
  const started = startHub(process, log);
  // whoever waits for it hears of it
  started.catch(() => {});
  const puller = { cluster: HOST_CLUSTER, uid: '', address };
  return {
    process,
    started,
    pullSecret: {
      name: PULL_SECRET,
      content: () => pullSecretContent(home, puller),
      follow: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    copy: async () => {
      await process.start();
      return await askHub(home.hub.socket, '/copy', COPY_MS);
    },
    stop: () => process.stop(),
  };
}
