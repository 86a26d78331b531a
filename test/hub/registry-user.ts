import { createHash, randomBytes } from 'node:crypto';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Asks a registry as docker and others do, by passwords. */
export class RegistryUser {
  readonly #url: () => string;

  /** `url`: of plain HTTP. */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** What a login may do in a repository; undefined: it is wrong. */
  async rights(login: string, password: string, repository: string): Promise<string[] | undefined> {
    const token = await this.#token(login, password, repository);
    if (token === undefined) return undefined;
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { access } = JSON.parse(payload) as { access: { actions: string[] }[] };
    return access[0]?.actions ?? [];
  }

  async #token(login: string, password: string, repository: string): Promise<string | undefined> {
    const scope = new URLSearchParams({ scope: `repository:${repository}:pull,push,delete` });
    const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
    const answer = await fetch(`${this.#url()}/hub/token?${scope}`, { headers: { authorization } });
    return answer.ok ? ((await answer.json()) as { token: string }).token : undefined;
  }

  async remove(login: string, password: string, repository: string, tag: string): Promise<void> {
    const authorization = `Bearer ${await this.#token(login, password, repository)}`;
    const url = `${this.#url()}/v2/${repository}/manifests/${tag}`;
    const answer = await fetch(url, { method: 'DELETE', headers: { authorization } });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  /** Pushes an image with one layer of so many bytes. */
  async push(login: string, password: string, repository: string, tag: string, bytes = 1000): Promise<void> {
    const token = await this.#token(login, password, repository);
    const send = async (method: string, path: string, body: Buffer<ArrayBuffer>, type: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const answer = await fetch(`${this.#url()}/v2/${repository}/${path}`, { method, body, headers });
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    };
    const parts = [];
    for (const content of [Buffer.from('{}'), randomBytes(bytes)]) {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      await send('POST', `blobs/uploads/?digest=${digest}`, content, 'application/octet-stream');
      parts.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: content.length });
    }
    const [config, ...layers] = parts;
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
    await send('PUT', `manifests/${tag}`, Buffer.from(JSON.stringify(manifest)), MANIFEST);
  }
}
