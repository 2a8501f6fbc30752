package incident

import "slices"

// kept are the consents that take effect without the agreement of the person concerned.
var kept = []string{"store", "statistics"}

// InForce returns which of the given consents take effect, in their order. Consents beyond keeping and counting need
// the person concerned: they take effect where that person agrees ("yes"), or is the reporter. Every other answer
// leaves keeping and counting only: none, "undecided", "unasked", and "self" where target names a person other than
// the reporter. target and agrees are the newest answers to target and person_agrees; empty where there is none.
// docs/spec/incident.md, "Acts".
func InForce(given []string, target, agrees string) []string {
	if personConsents(target, agrees) {
		return slices.Clone(given)
	}
	return slices.DeleteFunc(slices.Clone(given), func(c string) bool { return !slices.Contains(kept, c) })
}

func personConsents(target, agrees string) bool {
	switch agrees {
	case "yes":
		return true
	case "self":
		return target == "" || target == "me"
	case "":
		return target == "me"
	}
	return false
}
