/** What a text without a title is called. */
export const NAME = "Notes";
