package casefile

import "slices"

// Addressee is somebody to whom a case, or what was counted in it, may be given.
type Addressee struct {
	Code    string
	English string   // "the police or a prosecutor"
	Needs   []string // consents, all of which must be in force
	Why     string   // why these
	Letter  bool     // there is a letter to them

	// Codes: they get the codes of the vocabulary and nothing else: no words, no exhibits, no case number, no
	// date but the year.
	Codes bool
	// Marked: what they get may be passed on to the state, so each exhibit that goes along must have been
	// marked as one that may be communicated.
	Marked bool
}

// addressees are in the order of help texts. The consents are those that the form asks for, in its own words:
// "Each tick stands alone".
var addressees = []Addressee{
	{Code: "statistics", English: "whoever counts", Needs: []string{"statistics"}, Codes: true,
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

// Anybody is to whom something of a case is handed over, in a trustee's own words. Which ticks that takes no
// program can tell: whoever made what is handed over was asked for them. But nothing goes to anybody once it was
// withdrawn, or without asking first where the reporter wants that, or where it may only be kept and counted.
func Anybody(whom string) Addressee { return Addressee{English: whom} }

// Addressees lists all there are.
func Addressees() []Addressee { return slices.Clone(addressees) }

// AddresseeByCode finds one.
func AddresseeByCode(code string) (Addressee, bool) {
	i := slices.IndexFunc(addressees, func(a Addressee) bool { return a.Code == code })
	if i < 0 {
		return Addressee{}, false
	}
	return addressees[i], true
}
