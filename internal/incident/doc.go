// Package incident is the schema of a report: the questions, the codes that
// answer them, their limits, and what is refused.
//
// A form arrives as names and values. Validate turns it into a Report, or into
// an ordered list of refusals, each a field's name and a stable code (the
// sentences for the codes belong to whoever shows them):
//
//	report, errs := incident.Validate(form, now, incident.ActReport)
//	// errs: narrative required; when out_of_range
//
// Everything that a reporter may say is described by one table (Fields), and
// docs/spec/incident.md is checked against it. The package keeps no state,
// reads no clock, and imports nothing of ours.
//
// A Report holds a person's words. It prints as "[report]" wherever it is
// printed, logged or marshalled; the words come out through Values, One and
// All only.
package incident
