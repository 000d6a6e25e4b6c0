/** True when `work` settled, in whatever way, within `deadlineMs`; false when it has not. Never rejects. */
export async function settlesWithin(work: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), deadlineMs);
  try {
    return await Promise.race([work.then(() => true, () => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
