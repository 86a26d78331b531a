import { messageOf, SampanError } from '@sampan/base';

/** The database cannot be opened or reached. */
export class RecordsOpenError extends SampanError {
  constructor(where: string, cause: unknown) {
    super('records-open', `${where} cannot be opened: ${messageOf(cause)}`, {
      hint: 'Check that it is there, that this user may write to it, and that no other process has it open.',
      cause,
    });
  }
}

/** The commit failed (a full disk, an I/O error, a lost connection). */
export class RecordsWriteError extends SampanError {
  constructor(cause: unknown) {
    super('records-write', `the change could not be written: ${messageOf(cause)}`, {
      hint: 'Check the disk or the database; the same request can be sent again.',
      cause,
    });
  }
}

/** The tables were made by a newer release, or by another product. */
export class RecordsTooNewError extends SampanError {
  constructor(where: string, migration: string) {
    super('records-too-new', `${where} has tables that this release does not know (${migration})`, {
      hint: 'Start the newer release, or restore a backup made by this one.',
    });
  }
}

export class RecordsClosedError extends SampanError {
  constructor() {
    super('records-closed', 'the database is closed');
  }
}
