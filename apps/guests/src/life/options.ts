import type { VersionInfo } from '@sampan/apiserver';
import type { Clock, Logger } from '@sampan/base';
import type { GuestListener } from '@sampan/clusters';
import type { PullSecretOptions } from '@sampan/controllers';
import type { GuestNetworks } from '../guest-networks.ts';
import type { NodeCaller } from '../node-caller.ts';

export interface GuestsOptions {
  /** Holds a folder for each guest, by its name. */
  readonly folder: string;
  /** Holds backups of guests. */
  readonly backups: string;
  readonly version: VersionInfo;
  /** What runs pods of guests; undefined: nothing does. */
  readonly node?: GuestsNode;
  /** `HOST:PORT`. */
  readonly externalAddress: string;
  /** With what pods of a cluster fetch images from the machine's registry; absent: there is none. */
  readonly pullSecret?: (cluster: string, uid: () => string) => PullSecretOptions;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Told of what nobody asked for by a call. */
  readonly changed?: GuestListener;
}

export interface GuestsNode {
  /** Of the machine, as its node. */
  readonly name: string;
  readonly caller: NodeCaller;
  readonly networks: GuestNetworks;
  readonly agentSocket: (network: number) => string;
}
