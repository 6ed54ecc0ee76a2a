/** What bounds the messages between a collector and a server. */

/** Decimals of a series whose values are arbitrary doubles, kept bit for bit. */
export const RAW_DECIMALS = 255;
export const DECIMALS_MAX = 9;

/** At most this many columns in one collector's dictionary: 100 × 200 containers and a host. */
export const SERIES_PER_COLLECTOR_MAX = 65_536;

/** At most this many bytes in one message, before and after decoding. */
export const MESSAGE_BYTES_MAX = 1024 * 1024;

/** Events in one message: at 3 KiB each they fit twice. */
export const EVENTS_PER_MESSAGE_MAX = 100;

/** Monitors that one collector runs, from its own file and from the server together. */
export const MONITORS_MAX = 500;
