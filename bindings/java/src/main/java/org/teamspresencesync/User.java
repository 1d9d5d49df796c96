package org.teamspresencesync;

import java.util.Objects;

/**
 * One user of the telephone system, as handed over by {@link TeamsPresenceSync#setUsers} and {@link TeamsPresenceSync#putUser}.
 * Immutable: the {@code with} methods answer a changed copy.
 *
 * <p>What is wrong with the data of one user (no or a malformed address, a malformed object id, the same id again) is no reason to refuse
 * the list: that entry is not served, and an event says why. A door phone without an address is normal: hand it over too.
 */
public final class User {
    private final String userId;
    private final String email;
    private final String entraObjectId;
    private final String ruleSet;
    private final int hostDnd;
    private final int hostQueueDnd;

    private User(String userId, String email, String entraObjectId, String ruleSet, int hostDnd, int hostQueueDnd) {
        this.userId = Objects.requireNonNull(userId, "userId");
        this.email = email;
        this.entraObjectId = entraObjectId;
        this.ruleSet = ruleSet;
        this.hostDnd = hostDnd;
        this.hostQueueDnd = hostQueueDnd;
    }

    /**
     * A user and his address.
     *
     * @param userId your own id of the user: any text that is stable, not empty, unique in the instance
     * @param email  the address by which Entra knows the person, in any casing; {@code null} if there is none
     * @return the user
     */
    public static User of(String userId, String email) {
        return new User(userId, email, null, null, 0, 0);
    }

    /**
     * Names the Entra object id where you know it; it beats the address.
     *
     * @param id a GUID, or {@code null}
     * @return the copy
     */
    public User withEntraObjectId(String id) {
        return new User(userId, email, id, ruleSet, hostDnd, hostQueueDnd);
    }

    /**
     * Names a set in {@code rules.sets} of the configuration.
     *
     * @param name its name; {@code null} for the default rules
     * @return the copy
     */
    public User withRuleSet(String name) {
        return new User(userId, email, entraObjectId, name, hostDnd, hostQueueDnd);
    }

    /**
     * Tells how your DND of this user stands now. A fact, not an act: it is read each time the user is handed over.
     *
     * @param state {@link HostDnd}, 0 for not said
     * @return the copy
     */
    public User withHostDnd(int state) {
        return new User(userId, email, entraObjectId, ruleSet, state, hostQueueDnd);
    }

    /**
     * Tells how your DND for the calls of queues stands now.
     *
     * @param state {@link HostDnd}, 0 for not said
     * @return the copy
     */
    public User withHostQueueDnd(int state) {
        return new User(userId, email, entraObjectId, ruleSet, hostDnd, state);
    }

    /**
     * Your id of the user.
     *
     * @return never {@code null}
     */
    public String userId() {
        return userId;
    }

    /**
     * The address.
     *
     * @return {@code null} if there is none
     */
    public String email() {
        return email;
    }

    /**
     * The Entra object id.
     *
     * @return {@code null} if it was not given
     */
    public String entraObjectId() {
        return entraObjectId;
    }

    /**
     * The set of rules.
     *
     * @return {@code null} for the default rules
     */
    public String ruleSet() {
        return ruleSet;
    }

    /**
     * How your DND stands.
     *
     * @return {@link HostDnd}, 0 for not said
     */
    public int hostDnd() {
        return hostDnd;
    }

    /**
     * How your DND for the calls of queues stands.
     *
     * @return {@link HostDnd}, 0 for not said
     */
    public int hostQueueDnd() {
        return hostQueueDnd;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof User)) {
            return false;
        }
        User that = (User) other;
        return userId.equals(that.userId) && Objects.equals(email, that.email) && Objects.equals(entraObjectId, that.entraObjectId)
                && Objects.equals(ruleSet, that.ruleSet) && hostDnd == that.hostDnd && hostQueueDnd == that.hostQueueDnd;
    }

    @Override
    public int hashCode() {
        return Objects.hash(userId, email, entraObjectId, ruleSet, hostDnd, hostQueueDnd);
    }

    /** The id only: addresses do not belong into logs. */
    @Override
    public String toString() {
        return "User(" + userId + ")";
    }
}
