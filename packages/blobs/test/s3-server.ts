import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const run = promisify(execFile);

/** Of Debian's packages ceph-mon, ceph-osd and radosgw, and those that they need. */
const PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];

/** Which of Ceph's programs are missing here. */
export const missingForS3 = (): string[] => PROGRAMS.filter((name) => !existsSync(join('/usr/bin', name)));

export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'sampan-access', secretAccessKey: 'sampan-secret' };
const BUCKET = 'blobs';

/** How long Ceph may take for what it does at its start. */
const START_MS = 90_000;

/** Ceph's gateway over a cluster of one monitor and one daemon that keeps objects in memory; one user, one bucket. */
export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-s3-'));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children) {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
    }
    await rm(folder, { recursive: true });
  };
  try {
    const endpoint = await startCluster(folder, (command, ...args) => {
      children.push(spawn(command, ['-c', join(folder, 'ceph.conf'), ...args, '-f'], { stdio: 'ignore' }));
    });
    await eventually(() => makeBucket(endpoint));
    return { endpoint, bucket: BUCKET, credentials: CREDENTIALS, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startCluster(
  folder: string,
  start: (command: string, ...args: string[]) => void,
): Promise<string> {
  const [monitorPort, port] = [await freePort(), await freePort()];
  const file = join(folder, 'ceph.conf');
  const cluster = randomUUID();
  await writeFile(file, configuration(folder, cluster, monitorPort));
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'keyring'), '');
  const ceph = (command: string, ...args: string[]) =>
    run(command, ['-c', file, ...args], { timeout: START_MS });
  const map = join(folder, 'monmap');
  const address = `[v2:127.0.0.1:${monitorPort}]`;
  await ceph('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', address, map);
  await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
  start('ceph-mon', '-i', 'a');
  const osd = randomUUID();
  await eventually(() => ceph('ceph', '--connect-timeout', '5', 'osd', 'new', osd));
  await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
  start('ceph-osd', '-i', '0');
  const keys = ['--access-key', CREDENTIALS.accessKeyId, '--secret-key', CREDENTIALS.secretAccessKey];
  await ceph('radosgw-admin', 'user', 'create', '--uid', 'sampan', '--display-name', 'Sampan', ...keys);
  start('radosgw', '-n', 'client.admin', '--rgw-frontends', `beast endpoint=127.0.0.1:${port}`);
  return `http://127.0.0.1:${port}`;
}

/** All in one folder, nothing of the machine's own, one copy of each object, and no passwords between the parts. */
const configuration = (folder: string, cluster: string, monitorPort: number): string => `[global]
fsid = ${cluster}
mon_host = v2:127.0.0.1:${monitorPort}
public_network = 127.0.0.0/8
ms_bind_msgr1 = false
ms_mon_client_mode = crc
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = ${folder}
admin_socket =
pid_file =
keyring = ${folder}/keyring
crash_dir = ${folder}
log_file = ${folder}/$name.log
mon_data = ${folder}/mon
osd_data = ${folder}/osd
rgw_data = ${folder}/rgw
mon_allow_pool_size_one = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 2147483648
rgw_run_sync_thread = false
rgw_enable_usage_log = false
`;

async function makeBucket(endpoint: string): Promise<void> {
  const options = { endpoint, credentials: CREDENTIALS, region: 'us-east-1', forcePathStyle: true };
  const client = new S3Client({ ...options, maxAttempts: 1 });
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  } finally {
    client.destroy();
  }
}

/** Ceph tells nobody when it is ready. */
async function eventually(task: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + START_MS; ; ) {
    try {
      await task();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
