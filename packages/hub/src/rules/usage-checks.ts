import type { Digest } from '@sampan/blobs';
import { sql } from 'kysely';
import type { Reader } from '../metadata/repositories.ts';

interface Found {
  digest: Digest;
}

/** What projects hold, as repositories say it: counted links to blobs, and manifests. */
const HELD = sql`
  SELECT repositories.project, items.digest, COUNT(*) AS holders FROM (
    SELECT repository, digest FROM blob_links WHERE counted = 1
    UNION ALL SELECT repository, digest FROM manifests
  ) AS items JOIN repositories ON repositories.id = items.repository
  GROUP BY repositories.project, items.digest`;

/** Whether what projects use is what they hold; as `METADATA_CHECKS`. */
export const USAGE_CHECKS: Readonly<Record<string, (from: Reader) => Promise<Found[]>>> = {
  'is held by other repositories than its project counts': async (from) => {
    const { rows } = await sql<Found>`
      SELECT held.digest FROM (${HELD}) AS held
      LEFT JOIN project_contents AS counted ON counted.project = held.project AND counted.digest = held.digest
      WHERE counted.holders IS NULL OR counted.holders <> held.holders`.execute(from);
    return rows;
  },
  'is counted by a project that does not hold it': async (from) => {
    const { rows } = await sql<Found>`
      SELECT counted.digest FROM project_contents AS counted
      LEFT JOIN (${HELD}) AS held ON counted.project = held.project AND counted.digest = held.digest
      WHERE held.holders IS NULL`.execute(from);
    return rows;
  },
  'is of a project whose usage is not the sum of what it holds': async (from) => {
    const { rows } = await sql<Found>`
      SELECT MIN(project_contents.digest) AS digest FROM project_contents
      LEFT JOIN project_usage ON project_usage.project = project_contents.project
      GROUP BY project_contents.project
      HAVING SUM(project_contents.size) <> COALESCE(MAX(project_usage.bytes), 0)`.execute(from);
    return rows;
  },
};
