import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/**
 * The bytes of a secret as the Standard Webhooks specification has it: after `whsec_` base64, else the text itself.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme".
 */
export function keyOfSecret(secret: Uint8Array): Uint8Array {
  const text = Buffer.from(secret).toString('utf8').trim();
  return text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), 'base64') : Buffer.from(text);
}

interface Signed {
  /** The same at every try: the receiver knows by it what it has dealt with. */
  readonly id: string;
  /** Of this try, milliseconds since the epoch: the receiver refuses what is old. */
  readonly time: number;
  readonly body: string;
}

/**
 * The headers that tell a receiver what it gets and, by the key, from whom: those of Standard Webhooks, which sign id
 * and time too, and GitHub's, which many receivers know and which signs the body alone.
 */
export function signatureHeaders(
  { id, time, body }: Signed,
  key: Uint8Array | undefined,
): Record<string, string> {
  const timestamp = String(Math.floor(time / 1000));
  const plain = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (!key) return plain;
  const standard = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const github = createHmac('sha256', key).update(body).digest('hex');
  return { ...plain, 'webhook-signature': `v1,${standard}`, 'x-hub-signature-256': `sha256=${github}` };
}
