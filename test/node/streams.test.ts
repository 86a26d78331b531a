import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../clients/eventually.ts';
import { Kubectl, kubectls } from '../clients/kubectl.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

const run = promisify(execFile);

/** Since 1.30 exec and since 1.31 port-forward begin with WebSockets; before, and when told so, with SPDY/3.1. */
const SPDY = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' };
const clients = kubectls().map(({ name, program }) => ({ name, program, env: {} }));
const [first] = clients;
if (first) clients.push({ ...first, name: `${first.name}, by SPDY/3.1`, env: SPDY });

describe.skipIf(missingForNode() !== '')('streams to pods', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
    const { kubectl } = node;
    const script = 'i=0; while true; do echo line $i; i=$((i+1)); sleep 0.2; done';
    await kubectl.run(['run', 'box', `--image=${BUSYBOX}`, '--', 'sh', '-c', script]);
    const serve = 'dd if=/dev/urandom of=/www/big bs=1M count=8; echo hello > /www/index.html; ';
    await kubectl.run([
      ...['run', 'web', `--image=${BUSYBOX}`, '--port=8080', '--labels=app=web', '--'],
      ...['sh', '-c', `${serve} exec httpd -f -p 8080 -h /www`],
    ]);
    await kubectl.run([
      'run',
      'cat',
      `--image=${BUSYBOX}`,
      '-i',
      '--restart=Never',
      '--attach=false',
      '--',
      'cat',
    ]);
    await kubectl.run('expose pod web --port=80 --target-port=8080');
    await kubectl.run('wait --for=condition=Ready pod/box pod/web pod/cat --timeout=30s');
  });

  afterAll(() => node?.stop());

  describe.each(clients)('by $name', ({ program, env }) => {
    let kubectl: Kubectl;
    beforeAll(() => {
      kubectl = new Kubectl(program, node.sampan.kubeconfig);
    });
    afterAll(() => kubectl.close());
    const shell = async (script: string) => {
      const variables = { ...process.env, ...env, KUBECONFIG: node.sampan.kubeconfig, KUBECTL: program };
      const { stdout } = await run('sh', ['-c', script], {
        env: variables,
        cwd: kubectl.folder,
        timeout: 60_000,
      });
      return stdout.trimEnd();
    };

    it('run a command with both outputs and its exit code', async () => {
      const command = ['exec', 'box', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'];
      const { code, out, err } = await kubectl.try(command, { env });
      expect([code, out, err]).toEqual([7, 'out\n', 'err\ncommand terminated with exit code 7\n']);
    });

    it('say why a command could not be run', async () => {
      const { code, err } = await kubectl.try('exec box -- /nowhere', { env });
      expect([code, err]).toEqual([1, expect.stringContaining('/nowhere: no such file or directory')]);
      expect((await kubectl.try('exec box -c other -- true', { env })).err).toMatch(
        /container other is not valid/,
      );
    });

    it('carry much in, its end, and much out', async () => {
      await shell('head -c 8000000 /dev/urandom > big');
      expect(await shell('$KUBECTL exec -i box -- md5sum < big')).toBe(await shell('md5sum < big'));
      expect(await shell('$KUBECTL exec -i box -- cat < big | md5sum')).toBe(await shell('md5sum < big'));
      const inside = await shell('$KUBECTL exec web -- md5sum /www/big');
      expect(await shell('$KUBECTL exec web -- cat /www/big | md5sum')).toBe(inside.replace('/www/big', '-'));
    });

    it('give a terminal its size and its exit code', async () => {
      const command = "$KUBECTL exec -it box -- sh -c 'sleep 0.5; stty size; exit 3'; echo code $?";
      // kubectl takes the size of a terminal: `script` makes one
      const said = await shell(
        `script -qc "stty rows 33 cols 91; ${command.replaceAll('$?', '\\$?')}" /dev/null`,
      );
      expect(said).toContain('33 91');
      expect(said).toContain('code 3');
    });

    it('copy files both ways', async () => {
      writeFileSync(join(kubectl.folder, 'in.txt'), 'copied');
      await shell(
        '$KUBECTL cp in.txt box:/tmp/there.txt && $KUBECTL cp box:/tmp/there.txt out.txt 2>/dev/null',
      );
      expect(await shell('cat out.txt')).toBe('copied');
    });

    it('attach to what runs', async () => {
      // it ends when nobody reads it any more
      const said = await shell('$KUBECTL attach box 2>/dev/null | head -2');
      expect(said).toMatch(/^line \d+\nline \d+/m);
    });

    it('forward fifty connections at once', async () => {
      const forwarding = `$KUBECTL port-forward pod/web 0:8080 > log 2>&1 & pid=$!
        until grep -q Forwarding log; do sleep 0.05; done
        port=$(sed -n 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/p' log | head -1)
        seq 50 | xargs -P 50 -I{} curl -sS -m 30 http://127.0.0.1:$port/index.html | sort | uniq -c
        curl -sS -m 30 http://127.0.0.1:$port/big | md5sum
        kill $pid`;
      const big = await shell('$KUBECTL exec web -- md5sum /www/big');
      expect((await shell(forwarding)).trim().split(/\s+/)).toEqual(['50', 'hello', big.split(' ')[0], '-']);
    });

    it('show logs, as they come and of before', async () => {
      expect(await kubectl.run('logs box --tail=2')).toMatch(/^line \d+\nline \d+$/);
      expect(await kubectl.run('logs box --limit-bytes=6')).toBe('line 0');
      const said = await shell('$KUBECTL logs -f --since=1s --timestamps box | head -12');
      expect(said.trim().split('\n')).toHaveLength(12);
      expect(said).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ line \d+\n/);
      expect(await kubectl.fail('logs box --previous')).toBe(
        'Error from server (BadRequest): previous terminated container "box" in pod "box" not found',
      );
    });
  });

  it('an attached input reaches the container, and its end', async () => {
    const { kubectl } = node;
    const said = await kubectl.run('attach -i cat', { input: 'to the cat\n' });
    expect(said).toContain('to the cat');
    await kubectl.run('wait --for=jsonpath={.status.phase}=Succeeded pod/cat --timeout=20s');
    expect(await kubectl.run('logs cat')).toBe('to the cat');
  });

  it('run a pod with a client on it, and its exit code', async () => {
    const { kubectl } = node;
    const command = ['run', 'brief', `--image=${BUSYBOX}`, '-i', '--rm', '--restart=Never', '-q', '--'];
    const { code, out } = await kubectl.try([...command, 'sh', '-c', 'read x; echo got $x; exit 4'], {
      input: 'this\n',
    });
    expect([code, out]).toEqual([4, expect.stringContaining('got this')]);
  });

  it('show the log of a container that follows, was replaced, or cannot begin', async () => {
    const { kubectl } = node;
    const script = 'echo first; sleep 1; echo last; exit 1';
    await kubectl.run(['run', 'again', `--image=${BUSYBOX}`, '--', 'sh', '-c', script]);
    await eventually('a container', async () => (await kubectl.try('logs again')).out.includes('first'));
    expect(await kubectl.run('logs -f again')).toBe('first\nlast');
    await eventually('another one', async () => (await kubectl.try('logs -p again')).out === 'first\nlast\n');
    await kubectl.run('run never --image=sampan.local/never:1 --image-pull-policy=Never');
    await eventually('the reason', async () =>
      (await kubectl.try('logs never')).err.includes(
        'container "never" in pod "never" is waiting to start: ErrImageNeverPull',
      ),
    );
  });

  it('end with their clients', async () => {
    const sockets = () => readdirSync(`/proc/${node.sampan.pid}/fd`).length;
    const before = sockets();
    const children = ['exec box -- sh -c yes', 'exec -i box -- cat', 'logs -f box', 'attach box'].map(
      (command) => node.kubectl.start(command).child,
    );
    await eventually('all are connected', () => sockets() >= before + 2 * children.length - 1);
    for (const child of children) child.kill('SIGKILL');
    await eventually('all are gone', () => sockets() <= before + 1, 20_000);
  });

  it('wait for a client that does not read', async () => {
    const { child } = node.kubectl.start('exec box -- sh -c yes');
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(statusOf(node.sampan.pid))?.[1] ?? 0);
    const before = rss();
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(rss() - before).toBeLessThan(80_000);
    child.kill('SIGKILL');
  });

  describe('by WebSockets of old', () => {
    const open = (path: string, ...protocols: string[]) => {
      const { url, ca, cert, key } = node.sampan;
      return new WebSocket(`${url.replace('https', 'wss')}${path}`, protocols, { ca, cert, key });
    };
    const messages = (socket: WebSocket): Promise<Buffer[]> =>
      new Promise((resolve, reject) => {
        const all: Buffer[] = [];
        socket.on('message', (data) => all.push(data as Buffer));
        socket.on('close', () => resolve(all));
        socket.on('error', reject);
      });
    const pods = '/api/v1/namespaces/default/pods';
    const command = (script: string) =>
      ['sh', '-c', script].map((word) => `command=${encodeURIComponent(word)}`).join('&');
    const channel = (all: Buffer[], number: number) =>
      Buffer.concat(all.filter(([first]) => first === number).map((each) => each.subarray(1))).toString();

    it('a command has a channel for each stream, and errors as text', async () => {
      const path = `${pods}/box/exec?stdout=1&stderr=1&${command('echo out; echo err >&2; exit 5')}`;
      const all = await messages(open(path, 'channel.k8s.io'));
      // the first one is empty: it says that the command has begun
      expect(all[0]?.toString('hex')).toBe('01');
      expect([1, 2, 3].map((number) => channel(all, number))).toEqual([
        'out\n',
        'err\n',
        expect.stringContaining('exit code 5'),
      ]);
      const well = await messages(
        open(`${pods}/box/exec?stdout=1&${command('echo well')}`, 'channel.k8s.io'),
      );
      expect([1, 3].map((number) => channel(well, number))).toEqual(['well\n', '']);
    });

    it('a command may be in base64, and have a Status at its end', async () => {
      const path = `${pods}/box/exec?stdin=1&stdout=1&${command('read x; echo got $x')}`;
      const socket = open(path, 'v4.base64.channel.k8s.io');
      socket.on('open', () => socket.send(`0${Buffer.from('it\n').toString('base64')}`));
      const all = (await messages(socket)).map((each) => each.toString());
      const decoded = (number: string) =>
        all
          .filter((each) => each.startsWith(number))
          .map((each) => Buffer.from(each.slice(1), 'base64').toString())
          .join('');
      expect(decoded('1')).toBe('got it\n');
      expect(JSON.parse(decoded('3'))).toMatchObject({ status: 'Success' });
    });

    it('a log is a message for each part', async () => {
      const all = await messages(open(`${pods}/box/log?limitBytes=13`, 'binary.k8s.io'));
      expect(Buffer.concat(all).toString()).toBe('line 0\nline 1');
    });

    it('ports have two channels each', async () => {
      const socket = open(`${pods}/web/portforward?ports=8080`, 'v4.channel.k8s.io');
      const request = 'GET /index.html HTTP/1.0\r\n\r\n';
      socket.on('open', () => socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(request)])));
      const all = await messages(socket);
      expect(all.slice(0, 2).map((each) => each.toString('hex'))).toEqual(['00901f', '01901f']);
      expect(channel(all.slice(2), 0)).toMatch(/^HTTP\/1.. 200 OK[\s\S]*hello\n$/);
    });

    it('protocols that nobody knows are refused with a reason', async () => {
      await expect(messages(open(`${pods}/box/exec?stdout=1&command=true`, 'v9.nope'))).rejects.toThrow(
        /400/,
      );
    });
  });

  it('lead through the API to pods, Services and the node', async () => {
    const { kubectl, name } = node;
    const raw = (path: string) => kubectl.run(['get', '--raw', path]);
    expect(await raw('/api/v1/namespaces/default/pods/web/proxy/index.html')).toBe('hello');
    expect(await raw('/api/v1/namespaces/default/pods/http:web:8080/proxy/')).toBe('hello');
    await eventually(
      'an endpoint',
      async () =>
        (await kubectl.try(['get', '--raw', '/api/v1/namespaces/default/services/web:80/proxy/'])).out ===
        'hello\n',
    );
    expect(await raw(`/api/v1/nodes/${name}/proxy/healthz`)).toBe('ok');
    expect(await raw(`/api/v1/nodes/${name}:10250/proxy/logs/`)).toMatch(/default_box_/);
    expect(JSON.parse(await raw(`/api/v1/nodes/${name}/proxy/pods`)).kind).toBe('PodList');
    for (const path of ['streams/exec', 'x/../streams/exec', '%2e%2e/streams/exec'])
      expect(await kubectl.fail(['get', '--raw', `/api/v1/nodes/${name}/proxy/${path}`])).toMatch(/NotFound/);
  });
});

const statusOf = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'utf8');
