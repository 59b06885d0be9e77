/** What can go wrong between the page and its host. */

/** Data that are not what this page understands. */
export class ArrivalError extends Error {
  override name = "ArrivalError";
}

/** The host could not be reached; trying again later may help. */
export class GoneError extends Error {
  override name = "GoneError";
}

/** An error the host answered with, already in words for people. */
export class HostError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
    this.name = "HostError";
  }
}
