/** A sentence instead of a hanging test when what is waited for does not happen. */

/** Far longer than anything takes, also on a busy machine; only a failing test gets there. */
const guardMs = 60_000;

/** Gives what `promise` gives, or throws when that takes for ever. */
export async function guarded<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), guardMs);
  });
  try {
    return await Promise.race([promise, guard]);
  } finally {
    clearTimeout(timer);
  }
}
