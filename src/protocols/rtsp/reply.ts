import { UserError } from "../../base/errors.ts";

/** What a handler answers; CSeq, Server and Session are added by the connection. */
export interface Reply {
  readonly status: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  /** Runs once the response is on its way: media must not overtake it. */
  readonly after?: () => void;
  /** The connection is closed after the response, with this reason in the log. */
  readonly closeReason?: string;
}

/** A request that cannot be served: answered with `status`, then the connection is closed. */
export class RequestError extends UserError {
  override readonly name = "RequestError";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}
