/** The inside of a worker, typed: one message brings the job, messages go back. */

interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

export function onMessage<T>(listener: (message: T) => void): void {
  scope.addEventListener("message", (event) => listener(event.data as T));
}

export function post<T>(message: T): void {
  scope.postMessage(message);
}

export function endWorker(): void {
  scope.close();
}
