@customer-company/link-stable
Feature: A customer and its company stay one pair, whatever happens to either

  @id:match-key @req:23 @req:68
  Scenario: A customer that both systems know already is linked, not doubled
    Given a Customerp Customer with
      | property | value                |
      | number   | K-77                 |
      | name     | Nordlicht Optik GmbH |
    And an Invoiced Customer with
      | property | value                |
      | number   | K-77                 |
      | name     | Nordlicht Optik GmbH |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And one more round writes nothing

  @id:further-key @req:24
  Scenario Outline: A customer that Invoiced knows under a number of its own is found by its <case>
    Given a Customerp Customer with
      | property | value   |
      | number   | K-78    |
      | <here>   | <value> |
    And an Invoiced Customer with
      | property | value     |
      | number   | C-1       |
      | name     | Nordlicht |
      | <there>  | <value>   |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And one more round writes nothing

    Examples: in their order
      | case           | here               | there  | value               |
      | tax id         | organisationNumber | tax_id | 987654321           |
      | e-mail address | email              | email  | post@nordlicht.test |

  @id:filled-beats-empty @req:46 @req:48
  Scenario: When two known records are linked, a filled value is never lost to an empty one
    Given a Customerp Customer with
      | property | value      |
      | number   | K-77       |
      | phone    | 5550101    |
    And an Invoiced Customer with
      | property | value           |
      | number   | K-77            |
      | name     | (its name)      |
      | email    | ap@example.org  |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And phone in Invoiced is 5550101
    And email in Customerp is ap@example.org
    And one more round writes nothing

  @id:other-key @req:26
  Scenario: Without a common key both stay apart
    Given a Customerp Customer with
      | property | value |
      | number   | K-77  |
    And an Invoiced Customer with
      | property | value      |
      | number   | K-78       |
      | name     | (its name) |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there are 2 Customers in Invoiced
    And one more round writes nothing

  @id:renamed @req:28
  Scenario: The link survives a change of name on either side
    Given a Customerp Customer linked with its Invoiced Customer
    When name is set to Polarlicht Optik GmbH in Customerp
    And the sync comes to rest
    And name is set to Morgenlicht Optik GmbH in Invoiced
    And the sync comes to rest
    Then it is still linked with the same Invoiced Customer
    And name in Customerp is Morgenlicht Optik GmbH
    And there is 1 Customer in Invoiced
    And one more round writes nothing

  @id:renumbered @req:28
  Scenario: The link survives a change of the number by which the pair was found
    Given a Customerp Customer linked with its Invoiced Customer
    When number is set to K-9999 in Customerp
    And the sync comes to rest
    Then it is still linked with the same Invoiced Customer
    And number in Invoiced is K-9999
    And there is 1 Customer in Invoiced
    And one more round writes nothing

  @id:memory-lost @req:9 @req:23 @req:29
  Scenario: A sync that has lost its memory finds the pair again
    Given a Customerp Customer with
      | property        | value |
      | address.country | NO    |
    And it is linked with its Invoiced Customer
    When the sync has lost its memory
    And the sync comes to rest
    Then it is still linked with the same Invoiced Customer
    And there is 1 Customer in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:different-properties @req:42 @req:66
  Scenario: Edits of different properties on both sides both survive
    Given a Customerp Customer linked with its Invoiced Customer
    When phone is set to 5550777 in Customerp
    And email is set to new@example.org in Invoiced
    And the sync comes to rest
    Then phone in Invoiced is 5550777
    And email in Customerp is new@example.org
    And nothing else has changed on either side
    And one more round writes nothing

  @id:same-property @req:42 @req:67
  Scenario Outline: Of two edits of one property the later one stands on both sides: <case>
    Given a Customerp Customer linked with its Invoiced Customer
    When phone is set to 5550111 in <first>
    And phone is set to 5550222 in <second>
    And the sync comes to rest
    Then phone in Customerp is 5550222
    And phone in Invoiced is 5550222
    And the sync reports a conflict on phone, won by <second>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both orders
      | case            | first     | second    |
      | invoiced later  | Customerp | Invoiced  |
      | customerp later | Invoiced  | Customerp |

  @id:same-second @req:45
  Scenario: Of two edits within one second Customerp's stands on both sides
    Given a Customerp Customer linked with its Invoiced Customer
    When in the same second phone is set to 5550111 in Invoiced and to 5550222 in Customerp
    And the sync comes to rest
    Then phone in Customerp is 5550222
    And phone in Invoiced is 5550222
    And the sync reports a conflict on phone, won by Customerp
    And one more round writes nothing

  @id:same-value @req:37
  Scenario: The same edit made by hand on both sides is no conflict and moves nothing
    Given a Customerp Customer linked with its Invoiced Customer
    When phone is set to 5550333 in Customerp
    And phone is set to 5550333 in Invoiced
    And the sync comes to rest
    Then nothing else has changed on either side
    And one more round writes nothing
