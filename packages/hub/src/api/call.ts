import type { Clock } from '@sampan/base';
import type { BlobStore } from '@sampan/blobs';
import type { Records } from '@sampan/records';
import type { EventLog } from '../events/event-log.ts';
import type { HubLimits } from '../limits/hub-limits.ts';
import type { DigestLocks } from '../metadata/digest-locks.ts';
import type { HubTables } from '../metadata/schema.ts';
import type { UploadBook } from '../metadata/upload-book.ts';
import type { UploadsInUse } from '../metadata/uploads-in-use.ts';
import { type Directory, type Project, projectOf } from '../projects/directory.ts';
import type { PullTimes } from '../retention/pull-times.ts';
import type { Caller } from './gate.ts';
import type { HubRequest, HubResponse } from './message.ts';
import type { Matched } from './routes.ts';
import type { TagLists } from './tag-lists.ts';

/** What the registry stands on; whoever opens them closes them. */
export interface HubParts {
  readonly blobs: BlobStore;
  readonly records: Records<HubTables>;
  readonly locks: DigestLocks;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly tagLists: TagLists;
  readonly directory: Directory;
  readonly limits: HubLimits;
  readonly pulls: PullTimes;
  /** Uploads that were begun. */
  readonly uploads: UploadBook;
  /** Those that requests go on with now. */
  readonly uploading: UploadsInUse;
}

/** One request whose route is known and which its caller may make. */
export interface Call extends Matched {
  readonly parts: HubParts;
  readonly request: HubRequest;
  readonly query: URLSearchParams;
  readonly caller: Caller;
}

/** The project of the repository, as it is now; undefined: there is none, or not any more. */
export function projectOfCall({ parts, repository }: Call): Project | undefined {
  return parts.directory.project(projectOf(repository));
}

export type Handler = (call: Call) => Promise<HubResponse>;
