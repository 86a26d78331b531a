import { Agent, request } from 'node:http';

/** More is not taken from the registry at once. */
const MOST_BYTES = 256 << 20;
const TIMEOUT_MS = 30_000;

const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });

/** What the registry answers this process alone, by its socket; undefined: there is none (404). `timeoutMs`: of silence. */
export async function askHub(socketPath: string, path: string, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const { status, body } = await get(socketPath, path, timeoutMs);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`status ${status}`);
  return JSON.parse(body);
}

function get(
  socketPath: string,
  path: string,
  timeout: number,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, socketPath, path, timeout }, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MOST_BYTES) sent.destroy(new Error('its answer is too long'));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('it took too long')));
    sent.on('error', reject);
    sent.end();
  });
}
