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
