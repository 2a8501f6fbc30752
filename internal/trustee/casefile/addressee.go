package casefile

import "slices"

// Addressee is a recipient of a case, or of statistics that include it.
type Addressee struct {
	Code    string
	English string   // "the police or a prosecutor"
	Needs   []string // consents, all of which must be in force
	Why     string   // why these
	Letter  bool     // there is a letter to them

	// Codes restricts the addressee to the codes of the vocabulary: no words, no exhibits, no case number, no date
	// except the year.
	Codes bool
	// Marked means that the addressee may pass the case on to the state, so each exhibit must have been marked as one
	// that may be communicated.
	Marked bool
}

// addressees are in the order of help texts. The consents are those that the form asks for separately.
var addressees = []Addressee{
	{Code: "statistics", English: "statistics", Needs: []string{"statistics"}, Codes: true,
		Why: "the form says: count it in statistics, without details"},
	{Code: "public", English: "the public", Needs: []string{"publish"}, Codes: true,
		Why: "the form says: publish it, without anything that points to me; which words point to somebody no program can tell, so there are none"},
	{Code: "lawyer", English: "a lawyer", Needs: []string{"lawyer"},
		Why: "the form says: show it to a lawyer who works with us"},
	{Code: "police", English: "the police or a prosecutor", Needs: []string{"police"}, Letter: true,
		Why: "the form says: give it to police or a prosecutor"},
	{Code: "court", English: "an international court", Needs: []string{"court"},
		Why: "the form says: give it to an international court"},
	{Code: "un", English: "the UN's special procedures", Needs: []string{"un", "state"}, Letter: true, Marked: true,
		Why: "they write to the government concerned, and what they were told reaches it"},
	{Code: "ccf", English: "Interpol's CCF", Needs: []string{"ccf", "state"}, Letter: true, Marked: true,
		Why: "the Commission puts what it is told before the national bureau that the data came from"},
	{Code: "ombud", English: "an ombudsperson or equality body", Needs: []string{"other"}, Letter: true,
		Why: "the form calls every further office another body"},
	{Code: "bank", English: "a bank", Needs: []string{"other"}, Letter: true,
		Why: "a bank is another body too, and no public one: there is no wider tick that would cover it"},
	{Code: "other", English: "another body", Needs: []string{"other"},
		Why: "the form says: give it to another body"},
}

// Anybody returns the addressee of a hand-over, in a trustee's own words. The program can't know which consents that
// needs: making the file has checked them. A hand-over is still refused after a withdrawal, without asking where the
// reporter wants that, and where the case may only be kept and counted.
func Anybody(whom string) Addressee { return Addressee{English: whom} }

// Addressees lists all addressees.
func Addressees() []Addressee { return slices.Clone(addressees) }

// AddresseeByCode finds an addressee.
func AddresseeByCode(code string) (Addressee, bool) {
	i := slices.IndexFunc(addressees, func(a Addressee) bool { return a.Code == code })
	if i < 0 {
		return Addressee{}, false
	}
	return addressees[i], true
}
