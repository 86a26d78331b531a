import { access, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildImage,
  type CriRuntime,
  importImage,
  type RuntimeEvent,
  startContainerd,
} from '../src/index.ts';
import {
  BUSYBOX,
  canRunContainers,
  logOf,
  pause,
  Reports,
  run,
  shell,
  startRunner,
  TestNode,
  testPod,
} from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('a containerd of our own', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await TestNode.start();
  });

  afterAll(async () => {
    await node?.stop();
  });

  const until = async (fits: () => boolean | Promise<boolean>) => {
    for (const deadline = performance.now() + 60_000; !(await fits()); await pause(20)) {
      if (performance.now() > deadline) throw new Error('waited in vain');
    }
  };

  it('keeps all that is its own in its folder', async () => {
    expect(await node.runtime.version()).toMatchObject({ name: 'containerd' });
    const config = await readFile(`${node.folder}/c/containerd.toml`, 'utf8');
    for (const path of ['root', 'state', 'containerd.sock'])
      expect(config).toContain(`"${node.folder}/c/${path}"`);
    expect((await node.runtime.imageDisk())[0]?.mountpoint).toContain(node.folder);
  });

  it('is adopted while it runs, not started again', async () => {
    const { pid } = node.containerd;
    const again = await node.startAgain();
    expect([again.adopted, again.pid]).toEqual([true, pid]);
  });

  it('refuses a folder whose name is too long for a socket', async () => {
    const folder = `${node.folder}/${'x'.repeat(100)}`;
    await expect(startContainerd({ folder, cniConfFolder: folder })).rejects.toMatchObject({
      code: 'containerd-folder-too-long',
    });
  });

  it('says that containerd is missing when it is', async () => {
    const folder = `${node.folder}/none`;
    const options = { folder, cniConfFolder: folder, binary: '/no/such/containerd' };
    await expect(startContainerd(options)).rejects.toMatchObject({ code: 'containerd-missing' });
  });

  it('shows an image as soon as it is loaded, and forgets it when asked', async () => {
    const content = Buffer.from('hello');
    const archive = buildImage({
      name: 'sampan.local/tiny:1',
      files: [{ path: 'hello', content }],
      user: '7',
    });
    expect(await importImage(node.containerd.socket, archive)).toEqual(['sampan.local/tiny:1']);
    expect(await importImage(node.containerd.socket, archive)).toEqual(['sampan.local/tiny:1']);
    const image = await node.runtime.imageStatus('sampan.local/tiny:1');
    expect(image).toMatchObject({ tags: ['sampan.local/tiny:1'], uid: 7 });
    expect((await node.runtime.listImages()).map(({ id }) => id)).toContain(image?.id);
    await node.runtime.removeImage('sampan.local/tiny:1');
    await node.runtime.removeImage('sampan.local/tiny:1');
    expect(await node.runtime.imageStatus('sampan.local/tiny:1')).toBeUndefined();
  });

  it('says why an archive is no image', async () => {
    const load = importImage(node.containerd.socket, Buffer.from('this is no archive of anything'));
    await expect(load).rejects.toMatchObject({ code: 'image-import-failed' });
    await expect(importImage(node.containerd.socket, '/no/such/file')).rejects.toMatchObject({
      code: 'image-import-failed',
    });
  });

  it('does not mind what is gone already', async () => {
    const { runtime } = node;
    await runtime.stopSandbox('none');
    await runtime.removeSandbox('none');
    await runtime.stopContainer('none', 0);
    await runtime.removeContainer('none');
    expect([await runtime.containerStatus('none'), await runtime.sandboxStatus('none')]).toEqual([
      undefined,
      undefined,
    ]);
    await expect(runtime.startContainer('none')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('runs commands in containers, with their exit code, and stops those that take too long', async () => {
    const reports = new Reports();
    const runner = startRunner(node, reports);
    const pod = testPod('exec', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => r.status.phase === 'Running');
    const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
    const answer = await node.runtime.exec(id, ['sh', '-c', 'echo out; echo err >&2; exit 5'], 5000);
    expect([String(answer.stdout), String(answer.stderr), answer.exitCode]).toEqual(['out\n', 'err\n', 5]);
    await expect(node.runtime.exec(id, ['sleep', '30'], 1000)).rejects.toMatchObject({ kind: 'timeout' });
    const streams = { stdin: true, stdout: true, stderr: false, tty: true };
    expect(await node.runtime.execUrl(id, ['sh'], streams)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/exec\//);
    expect(await node.runtime.attachUrl(id, streams)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/attach\//);
    const [stats] = await node.runtime.listStats(pod.metadata?.uid);
    expect(stats?.memoryWorkingSet).toBeGreaterThan(0);
    await node.runtime.updateResources(id, { memoryLimit: 32 * 2 ** 20 });
    await runner.close();
  });

  it('tells each event once what it tells is true, and tells when it was away', async () => {
    const [pod] = await node.runtime.listSandboxes();
    const events: RuntimeEvent[] = [];
    const stop = new AbortController();
    const watching = node.runtime.watch((event) => events.push(event), stop.signal);
    await until(() => events.some(({ kind }) => kind === 'resync'));
    const [container] = await node.runtime.listContainers(pod?.uid);
    await node.runtime.stopContainer(container?.id ?? '', 0);
    await until(() => events.some((event) => event.kind === 'exited' && event.id === container?.id));
    expect((await node.runtime.containerStatus(container?.id ?? ''))?.state).toBe('exited');
    events.length = 0;
    process.kill(node.containerd.pid, 'SIGKILL');
    await until(async () => !(await node.containerd.running()));
    await node.startAgain();
    expect(node.containerd.adopted).toBe(false);
    await until(() => events.some(({ kind }) => kind === 'resync'));
    stop.abort();
    await watching;
    await node.runtime.removeSandbox(pod?.id ?? '');
  });

  it('shows each part of it only what is its own, and tells of whose pod an event is', async () => {
    const parts = ['a', 'b'].map((cluster) => node.runtime.scoped({ cluster }));
    const [a, b] = parts as [CriRuntime, CriRuntime];
    const events: RuntimeEvent[] = [];
    const stop = new AbortController();
    const watching = [a, b].map((part) => part.watch((event) => events.push(event), stop.signal));
    const reports = new Reports();
    const runners = parts.map((runtime) => startRunner(node, reports, { runtime }));
    const [first, second] = [
      testPod('first', { terminationGracePeriodSeconds: 0, containers: [shell('app', 'sleep 1000')] }),
      testPod('second', { terminationGracePeriodSeconds: 0, containers: [shell('app', 'sleep 1000')] }),
    ];
    runners[0]?.set(first);
    runners[1]?.set(second);
    await reports.until(first, (r) => r.status.phase === 'Running');
    await reports.until(second, (r) => r.status.phase === 'Running');
    expect((await a.listSandboxes()).map(({ uid }) => uid)).toEqual([first.metadata?.uid]);
    expect((await b.listContainers()).map(({ labels }) => labels.cluster)).toEqual(['b']);
    // one that ends what nobody wants any more ends nothing of the other
    await runners[0]?.endOthers(new Set());
    expect(await b.listSandboxes()).toHaveLength(1);
    const [container] = await b.listContainers();
    await b.stopContainer(container?.id ?? '', 0);
    const told = () => events.filter((event) => event.kind === 'exited' && event.id === container?.id);
    await until(() => told().length === 2);
    expect(told()[0]).toMatchObject({ podUid: second.metadata?.uid });
    stop.abort();
    await Promise.all(watching);
    await Promise.all(runners.map((runner) => runner.close()));
    for (const { id } of await node.runtime.listSandboxes()) await node.runtime.removeSandbox(id);
  });

  it('leaves containers running when it is killed or stopped, and finds them again', async () => {
    const reports = new Reports();
    const runner = startRunner(node, reports);
    const pod = testPod('stays', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000')],
    });
    runner.set(pod);
    const before = await reports.until(pod, (r) => r.status.phase === 'Running');
    process.kill(node.containerd.pid, 'SIGKILL');
    await until(async () => !(await node.containerd.running()));
    await node.startAgain();
    await node.containerd.stop('leave');
    await node.startAgain();
    const later = new Reports();
    const next = startRunner(node, later);
    next.set(pod);
    const after = await later.until(pod, (r) => r.status.phase === 'Running');
    expect(after.status.containerStatuses).toEqual(before.status.containerStatuses);
    // the first one has seen the runtime go and come back, and works on
    const [container] = await node.runtime.listContainers(pod.metadata?.uid);
    await next.close();
    await node.runtime.stopContainer(container?.id ?? '', 0);
    await reports.until(pod, (r) => r.status.containerStatuses?.[0]?.restartCount === 1);
    await runner.close();
  });

  it('ends with all its containers, and leaves no process and no mount', async () => {
    const reports = new Reports();
    const runner = startRunner(node, reports);
    const last = "trap 'echo bye; exit 0' TERM; echo begun; while true; do sleep 0.1; done";
    const pod = testPod('ends', { containers: [shell('app', last)] });
    runner.set(pod);
    await until(async () => (await logOf(node, pod, 'app').catch(() => '')).includes('begun'));
    await runner.close();
    // within the grace that is given, it says what it wants to say
    await node.containerd.stop('end', 10);
    expect(await logOf(node, pod, 'app')).toBe('begun\nbye\n');
    await node.containerd.stop('end');
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(node.folder);
    const { stdout } = await run('ps', ['-eo', 'args']).catch(() => ({ stdout: '' }));
    expect(stdout).not.toContain(node.folder);
    await expect(access(`${node.folder}/c/containerd.pid`)).rejects.toThrow();
    await node.startAgain();
    expect(await node.runtime.listSandboxes()).toEqual([]);
    expect(await node.runtime.imageStatus(BUSYBOX)).toBeDefined();
  });
});
