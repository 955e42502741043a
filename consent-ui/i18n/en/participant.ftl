dashboard-heading = Dashboard
dashboard-sharings = Who uses my data
dashboard-curve = My curve of the day
dashboard-meters = My meters
count-active = { $n ->
    [one] sharing active
   *[other] sharings active
}
count-ending = { $n ->
    [one] ends within 30 days
   *[other] end within 30 days
}
count-awaiting = { $n ->
    [one] request needs my answer
   *[other] requests need my answer
}
count-transfers = { $n ->
    [0] no transfer
    [one] { $n } transfer
   *[other] { $n } transfers
}
curve-title = { $meter }, mean power per interval, { $day }
curve-total = Total measured: { $energy }.
curve-peak = Highest: { $power } at { $time }.
curve-gap = from { $from } to { $until }
curve-no-gap = No interval is missing.
curve-gaps = Not measured: { $list }.
curve-legend = A hatched area is an interval without a reading.
curve-missing = no reading
curve-withheld = not published
curve-no-meter = No meter is attached to your account, so there is no curve.
curve-empty = No reading for this day. Check that measuring is on, or choose another day.
curve-table-summary = The same values as a table
curve-days-label = Days of the curve
curve-previous-day = Previous day
curve-next-day = Next day
curve-today = Today
meter-label = Meter { $n }
meter-number = Number
meter-last-digits = ends in { $digits }
meter-gateway = Gateway
meter-last-reading = Last reading
meter-no-reading = none
meter-measuring = Measuring
meter-see-curve = See the curve
meters-none = No meter is attached to your account. Write to the address at the foot of the page to attach one.
measuring-switch-on = Switch measuring on
measuring-switch-off = Switch measuring off
measuring-of = , { $meter }
history-heading = History of my data
history-intro = Every entry, every exit and every refusal, with its proof.
history-none = No transfer so far. They appear here as soon as a sharing is active.
history-caption = Transfers, latest first
erasure-heading = Erase everything
erasure-intro = You can have everything we hold about you erased. First read what this entails.
erasure-what-happens = What happens
erasure-readings = { $n ->
    [one] The readings of your meter become unreadable, for us too.
   *[other] The readings of your { $n } meters become unreadable, for us too.
}
erasure-sharings = { $n ->
    [0] No sharing is active.
    [one] Your active sharing ends.
   *[other] Your { $n } active sharings end.
}
erasure-recipients = Data already passed on stay with their recipients. Ask them to erase too.
erasure-ledger = The ledger keeps lines that nothing links to you any more. Your old proofs still hold.
erasure-published = Averages already published do not change. Nobody can find you in them.
erasure-final = It is final: nobody can undo it.
erasure-confirm = I understand that erasing is final
erasure-button = Erase all my data
erasure-keep = Erase nothing
erased-heading = Your data are erased
erased-text = The keys to your data are destroyed. Nobody can read them any more.
erased-at = Erased on
erased-record = Line of the ledger
erased-keep-receipt = Note this number: the line is public and says nothing about you. Proofs you downloaded before still hold.
recorded-heading = Everything recorded about me
recorded-intro = Each event about you has a number in the public ledger, without a gap. This page checks on your device, without trusting us, that your list is complete: nothing is hidden, nothing is added.
recorded-remember = Your browser remembers the state of the ledger at each visit. If the ledger went back or changed its past, the next visit would show it.
recorded-check-heading = Check
recorded-checking = Checking…
recorded-verified-first = Complete: your %records% records, and no others, are in the ledger of %size% entries. Checked in %ms% ms. This is your first check with this browser.
recorded-verified = Complete: your %records% records, and no others, are in the ledger of %size% entries. Checked in %ms% ms. Since your last visit the ledger of %before% entries has only grown.
recorded-lost-one = 1 of your %records% records can no longer be read: its detail was lost when we restored a backup (%days%). The ledger says so to everybody (entry %entries%). It still proves that the event took place, at what hour and of what family it was; what it said is nowhere with us any more. What to do:
recorded-lost-many = %lost% of your %records% records can no longer be read: their details were lost when we restored a backup (%days%). The ledger says so to everybody (entry %entries%). It still proves that these events took place, at what hour and of what family they were; what they said is nowhere with us any more. What to do:
recorded-lost-sharings = What you had agreed to was suspended then. Look at what should go on:
recorded-lost-file = A file of your records downloaded before the loss still holds them: keep it, it still verifies.
recorded-lost-ask = To learn what was sent then, ask those who receive your data, who keep records of their own, or the data-protection officer (address at the bottom of the page).
recorded-lost = Detail lost when a backup was restored
recorded-form = The file is malformed. Load the page again; if it happens again, keep the file and write to the address at the bottom of the page.
recorded-numbers = The list has a gap or a double at record %n%. Keep the file and write to your data-protection officer or to the supervisory authority.
recorded-opened = Record %n% as we show it is not the one that the ledger stands for. Keep the file and tell your data-protection officer.
recorded-withheld = Record %n% is given to you without its content, as if a restore had lost it; but the ledger speaks of no restore that lost it. Its content is withheld from you. Keep the file and tell the supervisory authority.
recorded-signature = The state of the ledger is not signed by its key. Keep the file and tell your data-protection officer.
recorded-map-root = The ledger does not end with the index of all its entries. Keep the file and tell your data-protection officer.
recorded-same-leaf = Two records stand for the same entry of the ledger. Keep the file and tell your data-protection officer.
recorded-inclusion = A record shown here is not in the ledger, or is not the one that stands there. Keep the file and tell your data-protection officer.
recorded-map = The list is not complete: the ledger holds more, or something else, than what is shown. Keep the file and tell your data-protection officer.
recorded-other-log = This is not the ledger of your last visit: its key has changed. Ask your data-protection officer why.
recorded-rewound = The ledger is shorter than at your last visit: it went back. Keep the file and tell the supervisory authority.
recorded-fewer-records = There are fewer records than at your last visit. Keep the file and tell the supervisory authority.
recorded-rewritten = The past of the ledger has changed since your last visit. Keep the file and tell the supervisory authority.
recorded-browser = This browser cannot check signatures (Ed25519). Update it, or check the file offline as shown below.
recorded-fetch = The file could not be read to its end. Check the connection and load the page again.
recorded-newest = Your records, opened against the ledger
recorded-newer = Newer records
recorded-older = Older records
recorded-told-heading = Your records, as we tell them
recorded-told = Nothing in this list was verified by your browser: it is our word, and a record could be missing. To verify it, allow the script of this page, or download the file below and check it offline.
recorded-told-none = Nothing is recorded yet.
recorded-told-caption = Your records, not verified, newest first
recorded-number = Number
recorded-what = Event
recorded-when = Date
recorded-file-heading = The file
recorded-file = The same as one file, to keep: all your records, their proofs, and the key that links them.
recorded-download = Download all my records
recorded-list-file = The proof alone that nothing is missing, without what your records say (smaller):
recorded-download-list = Download the proof list
recorded-offline = Without this site, on any computer:
recorded-secret = Keep this file to yourself: it holds the details of your transfers and the key that recognises your entries in the ledger.
recorded-limits = This check does not say whether others see the same ledger as you: compare its public state (/ledger/checkpoint) with theirs. Nor does it say whether something happened that was never recorded. For that, compare with the counts of sources and recipients.
history-delivered = And the released averages that count you?
delivered-heading = What was delivered about me
delivered-intro = The averages delivered to researchers in which your home is counted.
delivered-list = Each delivery holds a sealed list: one row for each home, which that home alone can open. This page first checks your list of records, then opens your row on your device and checks, without trusting us, what it says, that it is in the list that was delivered, and that your record names that list.
delivered-no-script = Your browser runs no scripts here: it checks nothing on this page. What follows is what we say; your rows can be checked offline, as shown below.
delivered-check-heading = Check of your list
delivered-none = No delivery counts you.
delivered-at = Delivered on
delivered-fields = Data
delivered-period = Period
delivered-homes = Homes in the delivery
delivered-download = Download my row
field-energy-withdrawn = energy drawn
delivered-verified = Checked: one row of the delivery is yours, and it is the delivery of record %n% in your list. It says only these data and this period. The delivered list has %rows% rows, and its digest is entry %index% of the ledger, the same one that holds your list.
delivered-form = The file of your row is malformed. Load the page again; if it happens again, keep the file and write to the address at the bottom of the page.
delivered-row = Your row is not in the list that was delivered. Keep the file and tell your data-protection officer.
delivered-other-subject = The row shown is not yours. Keep the file and tell your data-protection officer.
delivered-other-scope = Your row says other data or another period than this page. Keep the file and tell your data-protection officer.
delivered-record = The record of this delivery does not name the same list as your row. Keep both files and tell your data-protection officer.
delivered-not-listed = The record of this delivery is not the one with its number in your list. Keep the file and tell your data-protection officer.
delivered-rewritten = Your row and your list are not from one ledger: neither grew from the other. Keep both files and tell the supervisory authority.
delivered-unchecked = Not checked: your list of records was refused (see above), and a row can only be checked against it.
delivered-inclusion = The digest of the list is not in the ledger. Keep the file and tell your data-protection officer.
delivered-signature = The state of the ledger is not signed by its key. Keep the file and tell your data-protection officer.
delivered-other-log = This row is from another ledger than your list, or under another key. Keep the file and ask your data-protection officer why.
delivered-browser = This browser cannot check signatures (Ed25519). Update it, or check the file offline as shown below.
delivered-fetch = The file could not be read. Check the connection and load the page again.
delivered-offline-heading = Without this site
delivered-offline = On any computer, with your row and the proof of the record:
delivered-secret = Keep these files to yourself: they recognise your row in the list that was delivered. If you erase your data, nothing here opens your row any more.
delivered-limits = This check compares each row shown here with your list of records and with the ledger that this browser remembers; on a first visit it remembers nothing yet. It does not say whether a delivery is missing on this page: your list of records counts them all (“Average released to researchers”). It does not verify the signature of the record itself: the command above does. It does not say whether the average was computed from these homes and no others, nor whether other data left without being recorded. A row too many shows only in the whole list, which the researcher and the data-protection officer hold.
