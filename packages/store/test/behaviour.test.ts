import { createMemoryStore, openSqliteStore } from '../src/index.ts';
import { describeStore, type Subject } from './suite.ts';

const options = ({ clock, compaction }: Subject) => ({ clock, ...(compaction ? { compaction } : {}) });

describeStore('memory', (subject) => createMemoryStore(options(subject)));
describeStore('SQLite', (subject) =>
  openSqliteStore({ ...options(subject), file: subject.folder.file('store.db') }),
);
