import type { ListenerOptions } from '@sampan/apiserver';

type Handle = ListenerOptions['handle'];
type Upgrade = NonNullable<ListenerOptions['upgrade']>;

const STARTING = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'the server is starting',
  reason: 'ServiceUnavailable',
  code: 503,
});

/** Answers 503 with a Status until `open` is called: the port is bound before there is anything behind it. */
export class Gate {
  #handle: Handle = (_request, response) => {
    response.statusCode = 503;
    response.setHeader('content-type', 'application/json');
    response.setHeader('retry-after', '1');
    response.end(STARTING);
  };

  #upgrade: Upgrade = (_request, socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n');
  };

  readonly handle: Handle = (request, response) => this.#handle(request, response);
  readonly upgrade: Upgrade = (request, socket, head) => this.#upgrade(request, socket, head);

  open(handle: Handle, upgrade: Upgrade): void {
    this.#handle = handle;
    this.#upgrade = upgrade;
  }
}
