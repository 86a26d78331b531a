/** How many are tried first (controller.SlowStartInitialBatchSize). */
const FIRST_BATCH = 1;

/**
 * Runs tasks in batches of 1, 2, 4 … and begins no further batch once a task failed, so that what fails for all does
 * not bother the server for all. Throws the first failure.
 */
export async function slowStart(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  let done = 0;
  for (let size = FIRST_BATCH; done < tasks.length; size *= 2) {
    const batch = tasks.slice(done, done + size);
    done += batch.length;
    const results = await Promise.allSettled(batch.map((task) => task()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** Runs all tasks at once, lets all end, and throws the first failure. */
export async function allOf(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(tasks.map((task) => task()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
