// Package incident is the schema of a report: the questions, the codes that
// answer them, their limits, and what is refused.
//
// A form arrives as names and values. Validate turns it into a Report, or into
// an ordered list of refusals, each a field's name and a stable code. The
// caller has the sentences for the codes:
//
//	report, errs := incident.Validate(form, now, incident.ActReport)
//	// errs: narrative required; when out_of_range
//
// One table (Fields) describes everything that a reporter may answer, and
// docs/spec/incident.md is checked against it. The package keeps no state,
// reads no clock, and imports only packages outside this module.
//
// A Report holds a person's words. It prints as "[report]" wherever it is
// printed, logged or marshalled; only Values, One and All return the words.
package incident
