nav-data = My data
data-heading = My data
data-intro = Everything that your meters sent us and that we keep, for you alone.
data-meters-label = Choose a meter
data-kinds-label = Choose how much time to show
data-periods-label = Periods before and after
period-day = Day
period-month = Month
period-year = Year
data-title = { $meter }, energy used, { $period }
data-peak = The highest: { $energy }, { $when }.
data-no-gap = Nothing is missing altogether.
data-gaps-days = { $n ->
    [one] One day has no reading at all.
   *[other] { $n } days have no reading at all.
}
data-gaps-months = { $n ->
    [one] One month has no reading at all.
   *[other] { $n } months have no reading at all.
}
data-legend = A hatched area has no readings; a bar with a broken edge was measured in part only.
data-empty = No readings for this period. Check on the dashboard that measuring is on, or choose another period.
data-whole = all was measured
data-part-day = { $known } half hours of { $of }
data-part-month = { $known } whole days of { $of }
data-go-to = Go to a date
data-show = Show
column-period = Period
column-measured = Measured
curve-more = By day, month or year, and copies to download
data-copy-heading = Take a copy with you
data-copy-intro = The copy holds what we keep of this meter. You may keep it, open it elsewhere, or give it to whom you like.
data-copy-span = Which period?
data-copy-everything = Everything, from the beginning
data-copy-content = Which values?
data-copy-curve = The energy of each half hour
data-copy-readings = Each reading of the meter, as it is
data-copy-form = In which format?
data-form-csv = CSV, for a spreadsheet
data-form-json = JSON, for a program
data-form-parquet = Parquet, for data analysis
data-copy-button = Download the copy
data-trace-heading = The trace of your visits
data-trace = When you look at your readings or take a copy, your list says so, once a day at most. A visit that was not yours would show.
data-trace-link = See my list
filter-paused = Paused
narrow-organisation = By organisation
narrow-compteur = By meter
narrow-finalite = By purpose
narrow-all = All
narrow-by = Filter by organisation, meter or purpose
narrow-show = Filter
narrow-none = No sharing fits this choice.
narrow-show-all = Show all
sharings-none-paused = No sharing is paused. A pause stops transfers without ending the agreement.
sharing-onward = Research that used these data
sharing-no-onward = No research has used them.
sharing-onward-intro = Anonymous results were handed to these projects.
sharing-onward-link = Check my share
sharing-transfers-file = Download this list of transfers (CSV)
