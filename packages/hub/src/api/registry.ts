import { type Logger, messageOf } from '@sampan/base';
import { BlobSpaceError } from '@sampan/blobs';
import { RecordsWriteError } from '@sampan/records';
import { RegistryError } from '../errors/registry-error.ts';
import { QuotaExceededError, tellExceeded } from '../rules/quota.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import type { Call, Handler, HubParts } from './call.ts';
import type { Gate } from './gate.ts';
import { listReferrers, listRepositories, listTags } from './listings.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { type HubRequest, type HubResponse, json } from './message.ts';
import { refusal } from './refusal.ts';
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
    const mark = request.url.indexOf('?');
    const path = mark < 0 ? request.url : request.url.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
    try {
      const matched = matchRoute(request.method, path);
      const failure = (thrown: unknown) => this.#failure(request, thrown);
      const answer = await this.#answer(request, matched, query).catch(failure);
      return complete({ ...answer, operation: matched.operation });
    } catch (thrown) {
      return complete(this.#failure(request, thrown));
    }
  }

  async #answer(request: HubRequest, matched: Matched, query: URLSearchParams): Promise<HubResponse> {
    const { action, repository } = matched;
    const caller = await this.#gate.admit(request, { action, repository, since: await this.#since(matched) });
    return this.run({ ...matched, request, query, caller });
  }

  /** Does what a caller asks for who may do it. @throws RegistryError and others, which `handle` would answer */
  run(asked: Omit<Call, 'parts'>): Promise<HubResponse> {
    const call = { ...asked, parts: this.#parts };
    return HANDLERS[call.operation](call).catch((thrown) => {
      if (thrown instanceof QuotaExceededError) tellExceeded(call, thrown);
      throw thrown;
    });
  }

  /** When the upload began that the request goes on with. */
  async #since({ operation, repository, reference }: Matched): Promise<number | undefined> {
    if (operation === 'startUpload' || !operation.endsWith('Upload')) return undefined;
    const upload = await this.#parts.uploads.find(reference);
    return upload?.repository === repository ? upload.started : undefined;
  }

  #failure(request: HubRequest, thrown: unknown): HubResponse {
    return refusal(this.#toRegistryError(request, thrown));
  }

  #toRegistryError(request: HubRequest, thrown: unknown): RegistryError {
    if (thrown instanceof RegistryError) return thrown;
    const { method, url } = request;
    const status = storageStatus(thrown);
    if (status !== undefined) {
      this.#logger.error('the storage failed', { method, url, error: messageOf(thrown) });
      return new RegistryError('UNAVAILABLE', messageOf(thrown), { status, cause: thrown });
    }
    // a client that went away says nothing of the registry's health
    if (request.body.destroyed && !request.body.readableEnded) {
      this.#logger.debug('a request broke off', { method, url, error: messageOf(thrown) });
      return new RegistryError('BLOB_UPLOAD_INVALID', 'the request broke off', { cause: thrown });
    }
    this.#logger.error('a request failed', { method, url, error: messageOf(thrown) });
    return new RegistryError('UNKNOWN', undefined, { cause: thrown });
  }
}

function complete(answer: HubResponse): HubResponse {
  return { ...answer, headers: { ...API_VERSION, ...answer.headers } };
}

/** That of a failure which another request may not meet, once there is space again; undefined: another failure. */
function storageStatus(thrown: unknown): number | undefined {
  if (thrown instanceof BlobSpaceError) return 507;
  return thrown instanceof RecordsWriteError ? 503 : undefined;
}
