import { readdirSync } from 'node:fs';
import type { ControlPlane, VersionInfo } from '@sampan/apiserver';
import { type Logger, systemClock } from '@sampan/base';
import { clusterDefinition, startClusterController } from '@sampan/clusters';
import { homeLayout } from '@sampan/home';
import { installDefinition } from '@sampan/machinery';
import { GuestsProcess } from './guests-process.ts';

export interface GuestsOptions {
  readonly plane: ControlPlane;
  /** `HOST:PORT` of this server. */
  readonly address: string;
  readonly version: VersionInfo;
  /** Absolute path of the home, when this machine runs pods. */
  readonly nodeHome: string | undefined;
  /** This machine has a registry. */
  readonly hasHub: boolean;
  readonly log: Logger;
}

export interface RunningGuests {
  readonly process: GuestsProcess;
  stop(): Promise<void>;
}

/** Serves the kind Cluster on the host cluster, and makes clusters of its objects. */
export async function startGuests({
  plane,
  address,
  version,
  nodeHome,
  hasHub,
  log,
}: GuestsOptions): Promise<RunningGuests> {
  // this process works from inside its home
  const { clusters } = homeLayout('.');
  const process = new GuestsProcess({
    clusters,
    args: [
      `--address=${address}`,
      `--version=${JSON.stringify(version)}`,
      ...(nodeHome === undefined ? [] : [`--node-home=${nodeHome}`]),
      ...(hasHub ? ['--hub'] : []),
    ],
    log,
    changed: (name, state) => controller.changed(name, state),
    restarted: () => controller.restarted(),
  });
  const client = plane.client('cluster-controller');
  await installDefinition(client, clusterDefinition);
  const controller = startClusterController({
    client,
    host: process,
    url: `https://${address}`,
    version: version.gitVersion,
    clock: systemClock,
    log,
  });
  // thousands take a while to be looked through: beside all else that begins now; whoever asks for one hears of failures
  if (readdirSync(clusters, { withFileTypes: true }).some((entry) => entry.isDirectory()))
    process.ready().catch(() => {});
  return {
    process,
    stop: async () => {
      await controller.stop();
      await process.stop();
    },
  };
}
