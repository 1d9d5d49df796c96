package org.teamspresencesync;

import java.io.ByteArrayOutputStream;
import java.util.Collection;

/** Users in the shape in which they cross into native code at once: few arrays, however many users. */
final class UserArrays {
    /** All texts one behind the other, each ended by a NUL byte. */
    final byte[] texts;
    /** Where each text begins, four for a user: id, address, object id, rule set; -1 for none. */
    final int[] places;
    /** Two for a user: how DND stands, how the DND of queues stands. */
    final int[] facts;

    UserArrays(Collection<User> users) {
        User[] list = users.toArray(new User[0]);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(list.length * 48);
        places = new int[list.length * 4];
        facts = new int[list.length * 2];
        for (int at = 0; at < list.length; at++) {
            User user = list[at];
            if (user == null) {
                throw new IllegalArgumentException("users[" + at + "]: null");
            }
            String where = list.length == 1 ? "" : "users[" + at + "].";
            places[4 * at] = add(bytes, where + "userId", user.userId());
            places[4 * at + 1] = add(bytes, where + "email", user.email());
            places[4 * at + 2] = add(bytes, where + "entraObjectId", user.entraObjectId());
            places[4 * at + 3] = add(bytes, where + "ruleSet", user.ruleSet());
            facts[2 * at] = user.hostDnd();
            facts[2 * at + 1] = user.hostQueueDnd();
        }
        texts = bytes.toByteArray();
    }

    private static int add(ByteArrayOutputStream to, String what, String text) {
        if (text == null) {
            return -1;
        }
        int begin = to.size();
        byte[] bytes = Utf8.terminated(what, text);
        to.write(bytes, 0, bytes.length);
        return begin;
    }
}
