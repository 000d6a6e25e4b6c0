/**
 * A conversation that yields whenever an answer is awaited. Many of them advance together: all requests of a round are
 * on their way before the first answer is waited for.
 */
export type Conversation = Generator<void, void>;

/** Runs all to their end; returns each one's error, null for success. */
export function inLockstep(conversations: readonly Conversation[]): (Error | null)[] {
  const errors = conversations.map((): Error | null => null);
  let running = conversations.map((conversation, index) => ({ conversation, index }));
  while (running.length > 0) {
    running = running.filter(({ conversation, index }) => {
      try {
        return conversation.next().done !== true;
      } catch (error) {
        errors[index] = error instanceof Error ? error : new Error(String(error));
        return false;
      }
    });
  }
  return errors;
}
