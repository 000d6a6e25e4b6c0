/** The thread that computes Argon2: one hash can take half a second, during which no stream could move. */
import { parentPort } from "node:worker_threads";
import { verifyArgon2 } from "./argon2.ts";

export interface Argon2Task {
  readonly id: number;
  readonly encoded: string;
  readonly guess: string;
}

export interface Argon2Answer {
  readonly id: number;
  readonly matches: boolean;
}

// One after the other: two at once would need twice the memory and end no sooner.
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (task: Argon2Task) => {
  last = last.then(async () => {
    const matches = await verifyArgon2(task.encoded, task.guess).catch(() => false);
    const answer: Argon2Answer = { id: task.id, matches };
    parentPort?.postMessage(answer);
  });
});
