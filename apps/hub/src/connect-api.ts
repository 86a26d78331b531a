import { componentConnection, type HomeLayout } from '@sampan/home';
import { HttpClient } from '@sampan/machinery';

/** Certificates are renewed a month before they end. */
const LOOK_EVERY_MS = 12 * 3600_000;

export interface ApiConnection {
  readonly client: HttpClient;
  close(): void;
}

/** The Kubernetes API of this home, as the registry. It may not answer yet: the server starts both. */
export function connectApi(home: HomeLayout): ApiConnection {
  const client = new HttpClient(componentConnection(home, 'hub'), { name: 'sampan-hub' });
  const timer = setInterval(() => {
    const { cert, key } = componentConnection(home, 'hub');
    if (cert !== undefined && key !== undefined) client.renew({ cert, key });
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    client,
    close: () => {
      clearInterval(timer);
      client.close();
    },
  };
}
