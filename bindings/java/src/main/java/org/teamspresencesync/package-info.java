/**
 * Microsoft Teams presence inside a telephone system that runs in a Java virtual machine.
 *
 * <p>{@link org.teamspresencesync.TeamsPresenceSync} is one instance of the library; {@link org.teamspresencesync.TeamsPresenceListener}
 * is what it calls. Java 8 or newer, Linux, no dependency: the jar carries the native library.
 *
 * <p>Families of numbers ({@link org.teamspresencesync.Reason}, {@link org.teamspresencesync.EventCode} and so on) are {@code int}
 * constants and no enums: later versions of the native library add some, and a host must bear numbers that it does not know. 0 means
 * unknown, none or default in each of them. Times are milliseconds since 1970-01-01 UTC, 0 is never.
 */
package org.teamspresencesync;
