import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** The other half of `Dialer`: a question a line in, an answer a line out. */
interface Question {
  readonly id: number;
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
  readonly timeoutMs: number;
}

const NAMES: Readonly<Record<string, string>> = { ECONNREFUSED: 'refused', EHOSTUNREACH: 'unreachable' };
const nameOf = (error: NodeJS.ErrnoException): string => NAMES[error.code ?? ''] ?? String(error.code);

createInterface({ input: process.stdin }).on('line', (line) => {
  const question = JSON.parse(line) as Question;
  const { id, protocol, timeoutMs } = question;
  let isOver = false;
  const answer = (text: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    process.stdout.write(`${JSON.stringify({ id, answer: text })}\n`);
  };
  const timer = setTimeout(() => answer('timeout'), timeoutMs);
  const close = protocol === 'tcp' ? overTcp(question, answer) : overUdp(question, answer);
});

function overTcp({ ip, port }: Question, answer: (text: string) => void): () => void {
  const socket = connect({ host: ip, port });
  let text = '';
  socket.on('data', (data) => {
    text += data.toString();
  });
  socket.on('end', () => answer(text));
  socket.on('error', (error) => answer(nameOf(error)));
  return () => socket.destroy();
}

function overUdp({ ip, port }: Question, answer: (text: string) => void): () => void {
  const socket = createSocket('udp4');
  socket.on('message', (data) => answer(data.toString()));
  // a connected socket hears of rejections
  socket.on('error', (error) => answer(nameOf(error)));
  socket.connect(port, ip, () => socket.send('hello', (error) => error && answer(nameOf(error))));
  return () => socket.close();
}
