import type { ListenerOptions } from '@sampan/apiserver';

type Handle = ListenerOptions['handle'];

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

  readonly handle: Handle = (request, response) => this.#handle(request, response);

  open(handle: Handle): void {
    this.#handle = handle;
  }
}
