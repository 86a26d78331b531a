import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { k8s } from '@sampan/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logSource } from './container-log.ts';
import { orderedLogNames } from './log-files.ts';
import { LineCutter, parseLogLine } from './log-line.ts';
import type { LogOptions } from './log-selection.ts';
import { readLog } from './read-log.ts';

const line = (text: string, tag = 'F', stream = 'stdout', second = 0) =>
  `2026-01-02T03:04:${String(second).padStart(2, '0')}.5Z ${stream} ${tag} ${text}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(`line ${from + index}`)).join('');
const plain = (from: number, to: number) => lines(from, to).replace(/^\S+ \S+ \S+ /gm, '');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sampan-logs-'));
  path = join(folder, '0.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(options: Partial<LogOptions> = {}): Promise<string> {
  let answer = '';
  for await (const part of readLog(path, { timestamps: false, ...options })) answer += part.toString();
  return answer;
}

describe('lines of a log', () => {
  it('have a time, a stream, a tag and a text', () => {
    const parsed = parseLogLine(Buffer.from('2026-01-02T03:04:05Z stderr P:x a b\n'));
    expect({ ...parsed, text: parsed?.text.toString() }).toEqual({
      time: '2026-01-02T03:04:05Z',
      stream: 'stderr',
      partial: true,
      text: 'a b',
    });
    expect(parseLogLine(Buffer.from('2026-01-02T03:04:05Z stdin F a\n'))).toBeUndefined();
    expect(parseLogLine(Buffer.from('\0\0\0\n'))).toBeUndefined();
    expect(parseLogLine(Buffer.from('2026-01-02T03:04:05Z stdout F \n'))?.text.toString()).toBe('\n');
  });

  it('are the same however the bytes come', () => {
    const bytes = Buffer.from(lines(0, 5));
    for (let size = 1; size < bytes.length; size++) {
      const cutter = new LineCutter();
      const cut: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        for (const each of cutter.push(bytes.subarray(at, at + size))) cut.push(each.toString());
      expect(cut.join('')).toBe(bytes.toString());
      expect(cut).toHaveLength(5);
    }
  });
});

describe('what is shown of a log', () => {
  it('joins the parts of long lines, with one time each', async () => {
    writeFileSync(path, line('long ', 'P') + line('line') + line('next', 'F', 'stdout', 7));
    expect(await read()).toBe('long line\nnext\n');
    expect(await read({ timestamps: true })).toBe(
      '2026-01-02T03:04:00.500000000Z long line\n2026-01-02T03:04:07.500000000Z next\n',
    );
  });

  it('begins at a time, is of one stream, and ends after so many bytes', async () => {
    writeFileSync(path, line('a') + line('b', 'F', 'stderr', 1) + line('c', 'F', 'stdout', 2));
    expect(await read({ sinceMs: Date.parse('2026-01-02T03:04:01Z') })).toBe('b\nc\n');
    expect(await read({ stream: 'stderr' })).toBe('b\n');
    expect(await read({ limitBytes: 3 })).toBe('a\nb');
  });

  it('is nothing when there is no file', async () => {
    expect(await read()).toBe('');
    expect(await read({ tailLines: 3 })).toBe('');
  });

  it('leaves out what is no line, and shows a last line without its end', async () => {
    writeFileSync(path, `${line('a')}\0\0\0garbage\n${line('b').trimEnd()}`);
    expect(await read()).toBe('a\nb');
  });

  it('goes through rotated files, compressed ones too, from the oldest on', async () => {
    rotated();
    expect(await read()).toBe(plain(0, 40));
  });

  it.each([0, 1, 9, 10, 11, 20, 25, 30, 35, 40, 50])('has the last %i lines of all files', async (count) => {
    rotated();
    expect(await read({ tailLines: count })).toBe(count === 0 ? '' : plain(Math.max(0, 40 - count), 40));
  });

  it('finds last lines across blocks of a large file', async () => {
    writeFileSync(path, lines(0, 20_000));
    for (const count of [1, 2000, 7001, 19_999, 20_000, 20_001])
      expect(await read({ tailLines: count })).toBe(plain(Math.max(0, 20_000 - count), 20_000));
  });

  function rotated() {
    writeFileSync(`${path}.20260101-000001.gz`, gzipSync(lines(0, 10)));
    writeFileSync(`${path}.20260101-000002.gz`, gzipSync(lines(10, 20)));
    writeFileSync(`${path}.20260101-000003`, lines(20, 30));
    writeFileSync(path, lines(30, 40));
  }
});

describe('a log that is followed', () => {
  interface Following {
    text(): string;
    until(text: string): Promise<void>;
    end(): Promise<void>;
    abort(): Promise<void>;
  }

  function follow(options: Partial<LogOptions> = {}, pace = async () => {}): Following {
    const control = new AbortController();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let text = '';
    let wake = () => {};
    const done = (async () => {
      const follow = { ended, signal: control.signal };
      for await (const part of readLog(path, { timestamps: false, ...options }, follow)) {
        text += part.toString();
        wake();
        await pace();
      }
    })();
    return {
      text: () => text,
      async until(wanted) {
        while (!text.endsWith(wanted))
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      },
      end: () => {
        end();
        return done;
      },
      abort: () => {
        control.abort();
        return done;
      },
    };
  }

  it('shows lines as they come, and ends with its container', async () => {
    writeFileSync(path, lines(0, 3));
    const following = follow({ tailLines: 1 });
    await following.until(plain(2, 3));
    appendFileSync(path, lines(3, 5));
    await following.until(plain(3, 5));
    // the end of the container comes after its last line
    appendFileSync(path, lines(5, 6));
    await following.end();
    expect(following.text()).toBe(plain(2, 6));
  });

  it('may begin before there is a file, and ends when the client goes', async () => {
    const following = follow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, lines(0, 2));
    await following.until(plain(0, 2));
    await following.abort();
    expect(following.text()).toBe(plain(0, 2));
  });

  it('loses nothing and repeats nothing when it is rotated, also while the old file still grows', async () => {
    writeFileSync(path, lines(0, 3));
    const following = follow();
    for (let round = 0; round < 4; round++) {
      const at = 3 + round * 3;
      const old = `${path}.20260101-00000${round}`;
      renameSync(path, old);
      appendFileSync(old, lines(at, at + 1));
      writeFileSync(path, lines(at + 2, at + 3));
      appendFileSync(old, lines(at + 1, at + 2));
      await following.until(plain(at + 2, at + 3));
      if (round > 0) {
        const before = `${path}.20260101-00000${round - 1}`;
        writeFileSync(`${before}.gz`, gzipSync('not read again'));
        rmSync(before);
      }
    }
    await following.end();
    expect(following.text()).toBe(plain(0, 15));
  });

  it('reaches a slow reader file after file', async () => {
    writeFileSync(path, lines(0, 1));
    let goOn = () => {};
    const slow = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const following = follow({}, () => slow);
    await following.until(plain(0, 1));
    // two rotations and a compression before it reads on
    renameSync(path, `${path}.20260101-000001`);
    writeFileSync(path, lines(1, 2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(`${path}.20260101-000001.gz`, gzipSync(lines(0, 1)));
    rmSync(`${path}.20260101-000001`);
    renameSync(path, `${path}.20260101-000002`);
    writeFileSync(path, lines(2, 3));
    goOn();
    await following.until(plain(2, 3));
    await following.end();
    expect(following.text()).toBe(plain(0, 3));
  });
});

describe('the files of a log', () => {
  it('are in the order of their times, each once, without unfinished ones', () => {
    const names = ['1.log', '0.log.2', '0.log', '0.log.1.gz', '0.log.2.gz', '0.log.3.tmp'];
    expect(orderedLogNames(names, '0.log')).toEqual(['0.log.1.gz', '0.log.2', '0.log']);
  });
});

describe('whose log is shown', () => {
  const pod = (status: Partial<k8s.ContainerStatus>): k8s.Pod => ({
    metadata: { name: 'y' },
    status: { containerStatuses: [{ name: 'x', ...status } as k8s.ContainerStatus] },
  });
  const terminated = (containerID?: string) => ({
    terminated: { exitCode: 1, ...(containerID ? { containerID } : {}) },
  });

  it('is that of the container which runs or ran last', () => {
    const running = { containerID: 'containerd://a', state: { running: {} } };
    expect(logSource(pod(running), 'x', false)).toEqual({ id: 'a' });
    expect(logSource(pod({ state: terminated('containerd://b') }), 'x', false)).toEqual({ id: 'b' });
    const waiting = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: terminated('r://c') };
    expect(logSource(pod(waiting), 'x', false)).toEqual({ id: 'c' });
    expect(logSource(pod(waiting), 'x', true)).toEqual({ id: 'c' });
  });

  it.each([
    [{ state: { running: {} } }, true, 'previous terminated container "x" in pod "y" not found'],
    [{ state: terminated() }, false, 'container "x" in pod "y" is terminated'],
    [
      { state: { waiting: { reason: 'ErrImagePull' } } },
      false,
      'container "x" in pod "y" is waiting to start: image can\'t be pulled',
    ],
    [
      { state: { waiting: { reason: 'ImagePullBackOff' } } },
      false,
      'container "x" in pod "y" is waiting to start: trying and failing to pull image',
    ],
    [
      { state: { waiting: { reason: 'PodInitializing' } } },
      false,
      'container "x" in pod "y" is waiting to start: PodInitializing',
    ],
    [{}, false, 'container "x" in pod "y" is waiting to start - no logs yet'],
  ])('is told in the words of upstream when there is none: %j', (status, previous, missing) => {
    expect(logSource(pod(status), 'x', previous)).toEqual({ missing });
  });

  it('is not known of a container without a status', () => {
    expect(logSource(pod({}), 'z', false)).toEqual({ missing: 'container "z" in pod "y" is not available' });
  });
});
