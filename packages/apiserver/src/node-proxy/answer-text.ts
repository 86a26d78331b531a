import type { IncomingMessage } from 'node:http';
import { errors, StatusError } from '@sampan/api';

const MOST_MESSAGE_BYTES = 64 * 1024;

/** At most 64 KiB of an answer. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer) {
    length += (part as Buffer).length;
    if (length > MOST_MESSAGE_BYTES) break;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** What a node's answer other than 200 stands for; `text` is a Status, or any text. */
export function answerFailure(status: number, text: string): StatusError {
  const message = messageIn(text);
  if (status === 400) return errors.badRequest(message);
  if (status === 404) return new StatusError('NotFound', message);
  return errors.internal(message);
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text.trim();
  }
}
