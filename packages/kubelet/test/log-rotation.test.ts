import { readdir, stat } from 'node:fs/promises';
import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogRotator, type PodRunner } from '../src/index.ts';
import { ContainerExits } from '../src/logs/container-exits.ts';
import { readLog } from '../src/logs/read-log.ts';
import { canRunContainers, pause, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

const BURSTS = 6;
const BURST_LINES = 5000;
const LINES = BURSTS * BURST_LINES;
const MAX_BYTES = 64 * 1024;

describe.runIf(await canRunContainers())('the log of a container', () => {
  let node: TestNode;
  let runner: PodRunner;
  const reports = new Reports();

  beforeAll(async () => {
    node = await TestNode.start();
    runner = startRunner(node, reports);
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
  });

  it('is rotated while it is written, and a follower sees each line once', async () => {
    // each burst but the first waits for its file, which comes when the log was rotated in the midst of the one before
    const count = `i=0; n=0; while [ $n -lt ${BURSTS} ]; do
      until [ $n = 0 ] || [ -e /go-$n ]; do sleep 0.05; done; n=$((n+1))
      while [ $i -lt $((n*${BURST_LINES})) ]; do echo "line $i"; i=$((i+1)); done; done; exec sleep 1`;
    const pod = testPod('writer', { containers: [shell('c', count)], restartPolicy: 'Never' });
    runner.set(pod);
    await reports.until(pod, ({ status }) => status.phase === 'Running');
    const { namespace, name, uid } = pod.metadata ?? {};
    const folder = `${node.node.logFolder}/${namespace}_${name}_${uid}/c`;
    const rotator = new LogRotator({
      folder: node.node.logFolder,
      runtime: node.runtime,
      clock: systemClock,
      log: silentLogger,
      maxBytes: MAX_BYTES,
      maxFiles: 5,
    });
    const [container] = await node.runtime.listContainers(uid);
    const control = new AbortController();
    const exits = new ContainerExits(node.runtime, silentLogger);
    const ended = exits.wait(container?.id ?? '', control.signal);
    const rotating = (async () => {
      for (let burst = 1; burst < BURSTS; burst++) {
        while ((await stat(`${folder}/0.log`)).size <= MAX_BYTES) await pause(10);
        await rotator.rotateAll();
        await node.runtime.exec(container?.id ?? '', ['busybox', 'touch', `/go-${burst}`], 30_000);
        // a follower has to see a file renamed before the next rotation compresses it; agents rotate every ten seconds
        await pause(300);
      }
    })();
    let text = '';
    const follow = { ended, signal: control.signal };
    for await (const part of readLog(`${folder}/0.log`, { timestamps: false }, follow))
      text += part.toString();
    await rotating;
    const seen = text.trimEnd().split('\n');
    // it may have begun after the first rotations took the oldest files away
    const first = Number(seen[0]?.slice('line '.length));
    expect(seen).toHaveLength(LINES - first);
    expect(seen.findIndex((line, index) => line !== `line ${first + index}`)).toBe(-1);
    const files = await readdir(folder);
    expect(files.length).toBeGreaterThan(2);
    expect(files.length).toBeLessThanOrEqual(5);
    expect(files.filter((file) => file.endsWith('.gz')).length).toBeGreaterThan(0);
    expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([]);
    // what is left is a log without gaps too
    let left = '';
    for await (const part of readLog(`${folder}/0.log`, { timestamps: false })) left += part.toString();
    expect(text.endsWith(left)).toBe(true);
  });
});
