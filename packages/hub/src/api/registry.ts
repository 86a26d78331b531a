import { type Logger, messageOf } from '@sampan/base';
import { BlobSpaceError } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { findUpload } from '../metadata/uploads.ts';
import { QuotaExceededError, tellExceeded } from '../rules/quota.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import type { Handler, HubParts } from './call.ts';
import type { Gate } from './gate.ts';
import { listReferrers, listRepositories, listTags } from './listings.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { type HubRequest, type HubResponse, json } from './message.ts';
import { type Matched, matchRoute, type Operation } from './routes.ts';
import { appendUpload, cancelUpload, finishUpload, getUpload, startUpload } from './uploads.ts';

const HANDLERS: Readonly<Record<Operation, Handler>> = {
  base: async () => json(200, {}),
  listRepositories,
  getBlob,
  deleteBlob,
  startUpload,
  getUpload,
  appendUpload,
  finishUpload,
  cancelUpload,
  getManifest,
  putManifest,
  deleteManifest,
  listTags,
  listReferrers,
};

/** Docker's clients look for it before they speak to a registry. */
const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

interface RegistryOptions {
  readonly parts: HubParts;
  readonly gate: Gate;
  readonly logger: Logger;
}

/** The distribution API (OCI distribution specification 1.1): a function from request to response. */
export class Registry {
  readonly #parts: HubParts;
  readonly #gate: Gate;
  readonly #logger: Logger;

  constructor({ parts, gate, logger }: RegistryOptions) {
    this.#parts = parts;
    this.#gate = gate;
    this.#logger = logger;
  }

  /** Never throws: what goes wrong is an answer with the specification's error codes. */
  async handle(request: HubRequest): Promise<HubResponse> {
    const answer = await this.#answer(request).catch((thrown) => this.#failure(request, thrown));
    return { ...answer, headers: { ...API_VERSION, ...answer.headers } };
  }

  async #answer(request: HubRequest): Promise<HubResponse> {
    const mark = request.url.indexOf('?');
    const path = mark < 0 ? request.url : request.url.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
    const matched = matchRoute(request.method, path);
    const { action, repository } = matched;
    const caller = await this.#gate.admit(request, { action, repository, since: await this.#since(matched) });
    const call = { ...matched, parts: this.#parts, request, query, caller };
    return HANDLERS[matched.operation](call).catch((thrown) => {
      if (thrown instanceof QuotaExceededError) tellExceeded(call, thrown);
      throw thrown;
    });
  }

  /** When the upload began that the request goes on with. */
  async #since({ operation, repository, reference }: Matched): Promise<number | undefined> {
    if (operation === 'startUpload' || !operation.endsWith('Upload')) return undefined;
    const upload = await findUpload(this.#parts.records.read, reference);
    return upload?.repository === repository ? upload.started : undefined;
  }

  #failure(request: HubRequest, thrown: unknown): HubResponse {
    const error = this.#toRegistryError(request, thrown);
    const headers = { 'content-type': 'application/json', ...error.headers };
    return { status: error.status, headers, body: error.toBody() };
  }

  #toRegistryError(request: HubRequest, thrown: unknown): RegistryError {
    if (thrown instanceof RegistryError) return thrown;
    const { method, url } = request;
    // a client that went away says nothing of the registry's health
    if (request.body.destroyed && !request.body.readableEnded) {
      this.#logger.debug('a request broke off', { method, url, error: messageOf(thrown) });
      return new RegistryError('BLOB_UPLOAD_INVALID', 'the request broke off', { cause: thrown });
    }
    this.#logger.error('a request failed', { method, url, error: messageOf(thrown) });
    if (thrown instanceof BlobSpaceError) {
      return new RegistryError('UNAVAILABLE', 'no space is left for blobs', { status: 507, cause: thrown });
    }
    return new RegistryError('UNKNOWN', undefined, { cause: thrown });
  }
}
